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
  int64_t attention;         // 0 a layer, 1 a decoder with additive, 2 one with multiplicative attention
};
constexpr int kOptions = 9;

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

// A decoder with attention: an LSTM or GRU with tanh and sigmoid, forwards, in float32. It has besides source
// positions of the memory, its size, the size of a vector, and the space of the scores: of multiplicative
// ones that is `units`, and where they have nothing an array is empty, (0, 0), (0) or (batch, 0, space).
//
// Inputs: the inputs' products with their weights x (batch, time, G * units), the memory's mask (batch,
// source), weights of the vector before (vector, G * units) and of the state (units, G * units), their
// biases (G * units), the first states (batch, units), the memory (batch, source, size), its keys (batch,
// source, space), the query's weights (units, space) and bias (space), the vector of the scores (space), the
// weights (units + size, vector) of state and mean.
// Outputs: vectors (batch, time, vector) and alignments (batch, time, source); what the gradient needs, with
// time 0 without `keep`: h (batch, time, units), (batch, time, S * P), queries (batch, time, space), means
// (batch, time, size).
constexpr int kAttentionInputs = 14, kAttentionOutputs = 6;

// Inputs: those above, vectors, alignments, what was saved, queries, and the derivatives with respect to
// vectors and alignments.
// Outputs: the derivatives with respect to x; of a GRU to its candidate's recurrent product (batch, time,
// units), else (batch, 0, units); to the states, the means, the keys (of additive scores without the factor
// of their vector), the queries, their vector for each row (batch, space), or (0, 0), and the sums of which
// the vectors are the tanh.
constexpr int kAttentionGradientInputs = 20, kAttentionGradientOutputs = 9;

constexpr int input_count(bool gradient, bool attention) {
  return attention ? gradient ? kAttentionGradientInputs : kAttentionInputs
                   : gradient ? kGradientInputs : kInputs;
}
constexpr int output_count(bool gradient, bool attention) {
  return attention ? gradient ? kAttentionGradientOutputs : kAttentionOutputs
                   : gradient ? kGradientOutputs : kOutputs;
}
constexpr int kMostInputs = kAttentionGradientInputs, kMostOutputs = kAttentionGradientOutputs;

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
