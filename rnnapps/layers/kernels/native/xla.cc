// The kernel as two handlers of XLA's foreign function interface, for JAX.
#include <cstddef>
#include <cstring>

#include "interface.h"

// The part of xla/ffi/api/c_api.h (version 0.2) that is used, with its order of fields. XLA calls
// handlers of older versions than its own.
namespace {

constexpr int kMajor = 0, kMinor = 2, kExecute = 3, kInvalidArgument = 3, kFloat = 11, kBool = 1;
constexpr int kMetadata = 1, kArray = 1, kInt64 = 5;

struct Extension {
  size_t struct_size;
  int type;
  Extension* next;
};

struct Version {
  size_t struct_size;
  Extension* extension;
  int major, minor;
};

struct Metadata {
  size_t struct_size;
  Version version;
  uint32_t traits;
};

struct MetadataExtension {
  Extension base;
  Metadata* metadata;
};

struct ErrorArguments {
  size_t struct_size;
  Extension* extension;
  const char* message;
  int code;
};

struct Api {
  size_t struct_size;
  Extension* extension;
  Version version;
  const void* internal;
  void* (*create_error)(ErrorArguments*);
};

struct XlaBuffer {
  size_t struct_size;
  Extension* extension;
  int type;
  void* data;
  int64_t rank;
  int64_t* dims;
};

struct Buffers {
  size_t struct_size;
  Extension* extension;
  int64_t size;
  int* types;
  XlaBuffer** buffers;
};

struct Numbers {
  int type;
  size_t size;
  int64_t* data;
};

struct Attributes {
  size_t struct_size;
  Extension* extension;
  int64_t size;
  int* types;
  void** names;
  Numbers** values;
};

struct Call {
  size_t struct_size;
  Extension* extension;
  const Api* api;
  void* context;
  int stage;
  Buffers inputs, outputs;
  Attributes attributes;
};

void* failure(const Call* call, const char* message) {
  ErrorArguments arguments{sizeof(ErrorArguments), nullptr, message, kInvalidArgument};
  return call->api->create_error(&arguments);
}

bool take(const Buffers& from, int count, bool mask_second, rnnapps::Buffer* to) {
  if (from.size != count) return false;
  for (int i = 0; i < count; ++i) {
    const XlaBuffer& buffer = *from.buffers[i];
    if (buffer.rank > 3 || buffer.type != (mask_second && i == 1 ? kBool : kFloat)) return false;
    to[i] = {buffer.data, buffer.rank, {}};
    std::memcpy(to[i].dims, buffer.dims, buffer.rank * sizeof(int64_t));
  }
  return true;
}

template <bool kGradient>
void* handle(Call* call) {
  if (call->extension && call->extension->type == kMetadata) {
    Metadata* metadata = reinterpret_cast<MetadataExtension*>(call->extension)->metadata;
    metadata->version = {sizeof(Version), nullptr, kMajor, kMinor};
    metadata->traits = 0;
    return nullptr;
  }
  rnnapps::Buffer inputs[rnnapps::kMostInputs], outputs[rnnapps::kMostOutputs];
  const Attributes& attributes = call->attributes;
  const bool known = call->stage == kExecute && attributes.size == 1 && attributes.types[0] == kArray &&
                     attributes.values[0]->type == kInt64 &&
                     attributes.values[0]->size == rnnapps::kOptions;
  const bool attention = known && attributes.values[0]->data[rnnapps::kOptions - 1];
  if (!known || !take(call->inputs, rnnapps::input_count(kGradient, attention), true, inputs) ||
      !take(call->outputs, rnnapps::output_count(kGradient, attention), false, outputs)) {
    return failure(call, "rnnapps: a recurrence was called in an unknown way");
  }
  const char* error = rnnapps_run(kGradient, attributes.values[0]->data, inputs, outputs);
  return error ? failure(call, error) : nullptr;
}

}  // namespace

extern "C" void* rnnapps_xla(void* call) { return handle<false>(static_cast<Call*>(call)); }
extern "C" void* rnnapps_xla_gradient(void* call) { return handle<true>(static_cast<Call*>(call)); }
