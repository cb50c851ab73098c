// The same call as ngrpc-bench answers, by grpc-go, to measure beside it: main PORT.
//
// It echoes the request as bytes, without decoding the message: what is measured is the runtime at its best.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

type bytesCodec struct{}

func (bytesCodec) Marshal(message interface{}) ([]byte, error) { return *message.(*[]byte), nil }

func (bytesCodec) Unmarshal(data []byte, message interface{}) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (bytesCodec) Name() string { return "proto" }

func echo(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	var message []byte
	err := decode(&message)
	return &message, err
}

func main() {
	encoding.RegisterCodec(bytesCodec{})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "ngrpc.bench.v1.Bench",
		HandlerType: (*interface{})(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: echo}},
	}, struct{}{})
	log.Fatal(server.Serve(listener))
}
