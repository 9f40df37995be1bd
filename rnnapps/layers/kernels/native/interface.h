// What the kernel offers to TensorFlow's operations, to XLA's FFI and to ctypes.
#pragma once
#include <cstdint>

namespace rnnapps {

// An array in C order: of floats, but for the mask, whose elements are bytes of 0 and 1.
struct Buffer {
  void* data;
  int64_t rank;
  int64_t dims[3];
};

// In the order of the numbers that all callers give.
struct Options {
  int64_t kind;              // 0 LSTM, 1 GRU with the reset gate behind the product, 2 simple RNN
  int64_t activation;        // 0 tanh, 1 sigmoid, 2 ReLU, 3 linear
  int64_t gate;              // the same, of the gates
  int64_t reverse;           // whether the last time step is the first
  int64_t all_steps;         // whether outputs of all steps are wanted
  int64_t keep;              // whether the gradient will be asked for
  int64_t half;              // whether products are in bfloat16: only with rnnapps_half()
  int64_t threads;           // at most so many
};
constexpr int kOptions = 8;

// batch, time, features, units; G gates and S saved values a unit, P units filled up. An LSTM has two
// states; others have an empty array (0, 0) for the second.
//
// Inputs: x (batch, time, features), mask (batch, time) or empty, weights (features, G * units) and
// recurrent weights (units, G * units), their biases (G * units), the first states (batch, units).
// Outputs: h at all steps (batch, time, units), or (batch, 0, units) without `all_steps`; the last
// states; what the gradient needs (batch, time, S * P), or (batch, 0, S * P) without `keep`.
constexpr int kInputs = 8, kOutputs = 4;

// Inputs: those above, what was saved, and the derivatives with respect to the first three outputs.
// Outputs: the derivatives with respect to x, the four weights and biases, and the states.
constexpr int kGradientInputs = 12, kGradientOutputs = 7;

// The sizes of the outputs for those of the inputs. False if these do not fit together.
bool output_sizes(bool gradient, const Options& options, const Buffer* inputs, Buffer* outputs);

}  // namespace rnnapps

extern "C" {
// Null, or what is wrong with the arrays, valid until the thread's next call.
const char* rnnapps_run(int gradient, const int64_t* options, const rnnapps::Buffer* inputs,
                        const rnnapps::Buffer* outputs);
// Whether this library and processor have products in bfloat16.
int rnnapps_half();
// The last axis of what is saved for the gradient: S * P.
int64_t rnnapps_saved(int64_t kind, int64_t units);
}
