// The kernel as four operations of TensorFlow, by its C interface, whose functions are looked up when the
// library is loaded: nothing of TensorFlow is needed to compile it, and without TensorFlow it loads too.
#include <dlfcn.h>

#include <cstddef>
#include <initializer_list>

#include "interface.h"

namespace {

struct TF_Status;
struct TF_Tensor;
struct TF_OpDefinitionBuilder;
struct TF_ShapeInferenceContext;
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;

constexpr int kFloat = 1, kInvalidArgument = 3;  // TF_FLOAT, TF_INVALID_ARGUMENT

// The declarations of tensorflow/c/{tf_status,tf_tensor,ops,kernels}.h that are used.
#define FUNCTIONS(F)                                                                                  \
  F(TF_NewStatus, TF_Status*, ())                                                                     \
  F(TF_DeleteStatus, void, (TF_Status*))                                                              \
  F(TF_GetCode, int, (const TF_Status*))                                                              \
  F(TF_SetStatus, void, (TF_Status*, int, const char*))                                               \
  F(TF_TensorData, void*, (const TF_Tensor*))                                                         \
  F(TF_NumDims, int, (const TF_Tensor*))                                                              \
  F(TF_Dim, int64_t, (const TF_Tensor*, int))                                                         \
  F(TF_DeleteTensor, void, (TF_Tensor*))                                                              \
  F(TF_NewOpDefinitionBuilder, TF_OpDefinitionBuilder*, (const char*))                                \
  F(TF_OpDefinitionBuilderAddAttr, void, (TF_OpDefinitionBuilder*, const char*))                      \
  F(TF_OpDefinitionBuilderAddInput, void, (TF_OpDefinitionBuilder*, const char*))                     \
  F(TF_OpDefinitionBuilderAddOutput, void, (TF_OpDefinitionBuilder*, const char*))                    \
  F(TF_OpDefinitionBuilderSetShapeInferenceFunction, void,                                            \
    (TF_OpDefinitionBuilder*, void (*)(TF_ShapeInferenceContext*, TF_Status*)))                       \
  F(TF_RegisterOpDefinition, void, (TF_OpDefinitionBuilder*, TF_Status*))                             \
  F(TF_ShapeInferenceContextSetUnknownShape, void, (TF_ShapeInferenceContext*, TF_Status*))           \
  F(TF_NewKernelBuilder, TF_KernelBuilder*,                                                           \
    (const char*, const char*, void* (*)(TF_OpKernelConstruction*),                                   \
     void (*)(void*, TF_OpKernelContext*), void (*)(void*)))                                          \
  F(TF_RegisterKernelBuilder, void, (const char*, TF_KernelBuilder*, TF_Status*))                     \
  F(TF_OpKernelConstruction_GetAttrInt64List, void,                                                   \
    (TF_OpKernelConstruction*, const char*, int64_t*, int, TF_Status*))                               \
  F(TF_GetInput, void, (TF_OpKernelContext*, int, TF_Tensor**, TF_Status*))                           \
  F(TF_AllocateOutput, TF_Tensor*,                                                                    \
    (TF_OpKernelContext*, int, int, const int64_t*, int, size_t, TF_Status*))                         \
  F(TF_OpKernelContext_Failure, void, (TF_OpKernelContext*, TF_Status*))

#define DECLARE(name, result, arguments) result(*name) arguments;
FUNCTIONS(DECLARE)

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() const { return status_; }
  bool ok() const { return TF_GetCode(status_) == 0; }

 private:
  TF_Status* status_;
};

void* create(TF_OpKernelConstruction* construction) {
  const Status status;
  auto* options = new int64_t[rnnapps::kOptions]{};  // zero threads: refused when it runs
  TF_OpKernelConstruction_GetAttrInt64List(construction, "options", options, rnnapps::kOptions, status);
  return options;
}

void destroy(void* options) { delete[] static_cast<int64_t*>(options); }

// Tensors that are given back when all is done.
class Tensors {
 public:
  ~Tensors() {
    for (int i = 0; i < count_; ++i) TF_DeleteTensor(tensors_[i]);
  }
  TF_Tensor* add(TF_Tensor* tensor) { return tensor ? tensors_[count_++] = tensor : nullptr; }

 private:
  TF_Tensor* tensors_[rnnapps::kMostInputs + rnnapps::kMostOutputs];
  int count_ = 0;
};

template <bool kGradient, bool kAttention>
void compute(void* options, TF_OpKernelContext* context) {
  constexpr int kIn = rnnapps::input_count(kGradient, kAttention);
  constexpr int kOut = rnnapps::output_count(kGradient, kAttention);
  const auto* numbers = static_cast<const int64_t*>(options);
  const Status status;
  const auto fail = [&](const char* message) {
    if (status.ok()) TF_SetStatus(status, kInvalidArgument, message);
    TF_OpKernelContext_Failure(context, status);
  };
  Tensors tensors;
  rnnapps::Buffer inputs[kIn], outputs[kOut];
  for (int i = 0; i < kIn; ++i) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, i, &tensor, status);
    if (!tensors.add(tensor) || !status.ok()) return fail("rnnapps: an input is missing");
    inputs[i] = {TF_TensorData(tensor), TF_NumDims(tensor), {}};
    if (inputs[i].rank > 3) return fail("rnnapps: an input has more than three axes");
    for (int axis = 0; axis < inputs[i].rank; ++axis) inputs[i].dims[axis] = TF_Dim(tensor, axis);
  }
  rnnapps::Options chosen;
  __builtin_memcpy(&chosen, numbers, sizeof(chosen));
  if ((chosen.attention != 0) != kAttention || !rnnapps::output_sizes(kGradient, chosen, inputs, outputs)) {
    return fail("rnnapps: the arrays of a recurrence do not fit together");
  }
  for (int i = 0; i < kOut; ++i) {
    size_t bytes = sizeof(float);
    for (int axis = 0; axis < outputs[i].rank; ++axis) bytes *= outputs[i].dims[axis];
    TF_Tensor* tensor =
        TF_AllocateOutput(context, i, kFloat, outputs[i].dims, outputs[i].rank, bytes, status);
    if (!tensors.add(tensor) || !status.ok()) return fail("rnnapps: no memory for an output");
    outputs[i].data = TF_TensorData(tensor);
  }
  if (const char* error = rnnapps_run(kGradient, numbers, inputs, outputs)) fail(error);
}

// Python knows the shapes; it sets them again behind the operation.
void unknown_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

void add_operation(const char* name, std::initializer_list<const char*> inputs,
                   std::initializer_list<const char*> outputs, void (*run)(void*, TF_OpKernelContext*)) {
  const Status status;
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddAttr(builder, "options: list(int)");
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, unknown_shapes);
  TF_RegisterOpDefinition(builder, status);
  if (status.ok()) {
    TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, run, destroy), status);
  }
}

// TensorFlow's `load_op_library` offers the operations that appear while it loads the library.
__attribute__((constructor)) void add_operations() {
  void* tensorflow = dlopen("libtensorflow_framework.so.2", RTLD_NOLOAD | RTLD_LAZY);
  if (!tensorflow) return;
#define FIND(name, result, arguments)                                      \
  name = reinterpret_cast<result(*) arguments>(dlsym(tensorflow, #name)); \
  if (!name) return;
  FUNCTIONS(FIND)
  add_operation("RnnappsRecurrence",
                {"x: float", "mask: bool", "weights: float", "recurrent: float", "bias: float",
                 "recurrent_bias: float", "h: float", "c: float"},
                {"all: float", "last_h: float", "last_c: float", "saved: float"}, compute<false, false>);
  add_operation("RnnappsRecurrenceGradient",
                {"x: float", "mask: bool", "weights: float", "recurrent: float", "bias: float",
                 "recurrent_bias: float", "h: float", "c: float", "saved: float", "d_all: float",
                 "d_last_h: float", "d_last_c: float"},
                {"d_x: float", "d_weights: float", "d_recurrent: float", "d_bias: float",
                 "d_recurrent_bias: float", "d_h: float", "d_c: float"},
                compute<true, false>);
  add_operation("RnnappsAttention",
                {"x: float", "mask: bool", "feeding: float", "recurrent: float", "bias: float",
                 "recurrent_bias: float", "h: float", "c: float", "memory: float", "keys: float",
                 "query: float", "query_bias: float", "scale: float", "combine: float"},
                {"vectors: float", "alignments: float", "all: float", "saved: float", "queries: float",
                 "means: float"},
                compute<false, true>);
  add_operation("RnnappsAttentionGradient",
                {"x: float", "mask: bool", "feeding: float", "recurrent: float", "bias: float",
                 "recurrent_bias: float", "h: float", "c: float", "memory: float", "keys: float",
                 "query: float", "query_bias: float", "scale: float", "combine: float", "vectors: float",
                 "alignments: float", "saved: float", "queries: float", "d_vectors: float",
                 "d_alignments: float"},
                {"d_x: float", "d_own: float", "d_h: float", "d_c: float", "d_means: float",
                 "d_keys: float", "d_queries: float", "d_scale: float", "d_combined: float"},
                compute<true, true>);
}

}  // namespace
