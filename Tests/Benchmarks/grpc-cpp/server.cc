// The service that ngrpc-bench serves, by grpc's C++ callback API, to measure beside it: server PORT [CERTIFICATE KEY].
//
// It passes messages on as bytes, without decoding them: what is measured is the runtime at its best.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

using Reactor = grpc::ServerGenericBidiReactor;

grpc::ByteBuffer Message(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

void AppendVarint(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

uint64_t TakeVarint(const std::string& bytes, size_t& position) {
  uint64_t value = 0;
  for (int shift = 0; position < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[position++]);
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// The value of an integer field in a message that has no others.
uint64_t Field(const grpc::ByteBuffer& message, uint64_t number) {
  grpc::Slice slice;
  if (!message.DumpToSingleSlice(&slice).ok()) return 0;
  const std::string bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  for (size_t position = 0; position < bytes.size();) {
    const auto key = TakeVarint(bytes, position);
    const auto value = TakeVarint(bytes, position);
    if (key == number << 3) return value;
  }
  return 0;
}

// A reactor that goes when its call has ended, as it should when nothing more is to be read.
class Call : public Reactor {
 public:
  Call() { StartRead(&request_); }
  void OnDone() override { delete this; }

 protected:
  grpc::ByteBuffer request_, response_;
};

class Unary : public Call {
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWriteAndFinish(&request_, grpc::WriteOptions(), grpc::Status::OK);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
};

class Echo : public Call {
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWrite(&request_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&request_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
};

class Download : public Call {
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    left_ = Field(request_, 1);
    std::string bytes;
    if (const auto size = Field(request_, 2); size > 0) {
      bytes.push_back(1 << 3 | 2);
      AppendVarint(bytes, size);
      bytes.append(size, 'a');
    }
    message_ = Message(bytes);
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      Next();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void Next() {
    if (left_-- == 0) return Finish(grpc::Status::OK);
    // A write takes what it is given; the bytes are shared.
    response_ = message_;
    StartWrite(&response_);
  }

  uint64_t left_ = 0;
  grpc::ByteBuffer message_;
};

class Upload : public Call {
  void OnReadDone(bool ok) override {
    if (ok) {
      count_++;
      StartRead(&request_);
    } else {
      std::string bytes(1, 1 << 3);
      AppendVarint(bytes, count_);
      response_ = Message(bytes);
      StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
    }
  }

  uint64_t count_ = 0;
};

class Unknown : public Reactor {
 public:
  Unknown() { Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "There is no such method.")); }
  void OnDone() override { delete this; }
};

class Bench : public grpc::CallbackGenericService {
  Reactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const std::string prefix = "/ngrpc.bench.v1.Bench/";
    const auto& path = context->method();
    if (path == prefix + "Unary") return new Unary;
    if (path == prefix + "Echo") return new Echo;
    if (path == prefix + "Download") return new Download;
    if (path == prefix + "Upload") return new Upload;
    return new Unknown;
  }
};

std::string Contents(const char* path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int count, char** arguments) {
  auto credentials = grpc::InsecureServerCredentials();
  if (count > 3) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({Contents(arguments[3]), Contents(arguments[2])});
    credentials = grpc::SslServerCredentials(options);
  }
  Bench service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + arguments[1], credentials);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  server->Wait();
}
