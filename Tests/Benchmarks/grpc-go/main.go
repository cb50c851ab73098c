// The service that ngrpc-bench serves, by grpc-go, to measure beside it: main PORT [CERTIFICATE KEY].
//
// It passes messages on as bytes, without decoding them: what is measured is the runtime at its best.
package main

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
)

type bytesCodec struct{}

func (bytesCodec) Marshal(message interface{}) ([]byte, error) { return *message.(*[]byte), nil }

func (bytesCodec) Unmarshal(data []byte, message interface{}) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (bytesCodec) Name() string { return "proto" }

func unary(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	var message []byte
	err := decode(&message)
	return &message, err
}

func echo(_ interface{}, stream grpc.ServerStream) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

func download(_ interface{}, stream grpc.ServerStream) error {
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	response := payload(field(request, 2))
	for left := field(request, 1); left > 0; left-- {
		if err := stream.SendMsg(&response); err != nil {
			return err
		}
	}
	return nil
}

func upload(_ interface{}, stream grpc.ServerStream) error {
	for count := uint64(0); ; count++ {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			response := binary.AppendUvarint([]byte{1 << 3}, count)
			return stream.SendMsg(&response)
		} else if err != nil {
			return err
		}
	}
}

// The value of an integer field in a message that has no others.
func field(message []byte, number uint64) uint64 {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		value, m := binary.Uvarint(message[n:])
		if key == number<<3 {
			return value
		}
		message = message[n+m:]
	}
	return 0
}

// A message with so many bytes in field 1.
func payload(size uint64) []byte {
	if size == 0 {
		return []byte{}
	}
	message := binary.AppendUvarint([]byte{1<<3 | 2}, size)
	return append(message, make([]byte, size)...)
}

func main() {
	encoding.RegisterCodec(bytesCodec{})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var options []grpc.ServerOption
	if len(os.Args) > 3 {
		tls, err := credentials.NewServerTLSFromFile(os.Args[2], os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "ngrpc.bench.v1.Bench",
		HandlerType: (*interface{})(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Echo", Handler: echo, ServerStreams: true, ClientStreams: true},
			{StreamName: "Download", Handler: download, ServerStreams: true},
			{StreamName: "Upload", Handler: upload, ClientStreams: true},
		},
	}, struct{}{})
	log.Fatal(server.Serve(listener))
}
