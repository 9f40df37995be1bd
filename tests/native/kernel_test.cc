// The kernel against its equations step by step in double precision, for the compilers' sanitizers.
//
//   g++ -std=c++17 -O0 -fsanitize=address,undefined -pthread -DRNNAPPS_LANES=16 -DRNNAPPS_TEST_HALVES=1
//       tests/native/kernel_test.cc rnnapps/layers/kernels/native/kernel.cc && ./a.out
//
// Gradients are compared along a random direction with the difference of the loss.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../../rnnapps/layers/kernels/native/interface.h"

#ifndef RNNAPPS_TEST_HALVES
#define RNNAPPS_TEST_HALVES 0
#endif

using rnnapps::Buffer;
using rnnapps::Options;

namespace {

constexpr int kGates[] = {4, 3, 1};

struct Tensor {
  std::vector<int64_t> dims;
  std::vector<float> values;
  explicit Tensor(std::vector<int64_t> sizes = {0, 0}) : dims(std::move(sizes)) {
    int64_t size = 1;
    for (int64_t dim : dims) size *= dim;
    values.assign(size, std::numeric_limits<float>::quiet_NaN());
  }
  Buffer buffer() {
    Buffer buffer{values.data(), static_cast<int64_t>(dims.size()), {}};
    std::copy(dims.begin(), dims.end(), buffer.dims);
    return buffer;
  }
};

struct Problem {
  Options options;
  int64_t batch, time, features, units;
  std::vector<uint8_t> mask;  // empty for none
  std::vector<Tensor> inputs;  // without the mask: x, two weights, two biases, h, c
};

int64_t width(const Problem& p) { return kGates[p.options.kind] * p.units; }

std::vector<Buffer> buffers(Problem& p) {
  Buffer mask{p.mask.data(), 2, {p.mask.empty() ? 0 : p.batch, p.mask.empty() ? 0 : p.time}};
  std::vector<Buffer> all = {p.inputs[0].buffer(), mask};
  for (size_t i = 1; i < p.inputs.size(); ++i) all.push_back(p.inputs[i].buffer());
  return all;
}

void check(bool right, const std::string& what) {
  if (right) return;
  std::fprintf(stderr, "wrong: %s\n", what.c_str());
  std::exit(1);
}

double activated(int64_t function, double x) {
  if (function == 0) return std::tanh(x);
  if (function == 1) return 1 / (1 + std::exp(-x));
  return function == 2 ? std::max(x, 0.0) : x;
}

// All steps' outputs and the last states, in double precision, as the kernel's outputs are ordered.
std::vector<std::vector<double>> reference(const Problem& p) {
  const Options& o = p.options;
  const auto at = [&](int input, int64_t i) { return static_cast<double>(p.inputs[input].values[i]); };
  const int64_t units = p.units, wide = width(p);
  std::vector<double> all(o.all_steps ? p.batch * p.time * units : 0), last_h, last_c;
  for (int64_t row = 0; row < p.batch; ++row) {
    std::vector<double> h(units), c(units);
    for (int64_t u = 0; u < units; ++u) {
      h[u] = at(5, row * units + u);
      if (o.kind == 0) c[u] = at(6, row * units + u);
    }
    for (int64_t position = 0; position < p.time; ++position) {
      const int64_t time = o.reverse ? p.time - 1 - position : position;
      if (p.mask.empty() || p.mask[row * p.time + time]) {
        std::vector<double> x(wide), r(wide);
        for (int64_t j = 0; j < wide; ++j) {
          x[j] = at(3, j), r[j] = at(4, j);
          for (int64_t k = 0; k < p.features; ++k) {
            x[j] += at(0, (row * p.time + time) * p.features + k) * at(1, k * wide + j);
          }
          for (int64_t k = 0; k < units; ++k) r[j] += h[k] * at(2, k * wide + j);
        }
        for (int64_t u = 0; u < units; ++u) {
          const auto sum = [&](int gate) { return x[gate * units + u] + r[gate * units + u]; };
          if (o.kind == 0) {
            c[u] = activated(o.gate, sum(1)) * c[u] + activated(o.gate, sum(0)) * activated(o.activation, sum(2));
            h[u] = activated(o.gate, sum(3)) * activated(o.activation, c[u]);
          } else if (o.kind == 1) {
            const double update = activated(o.gate, sum(0)), reset = activated(o.gate, sum(1));
            const int64_t j = 2 * units + u;
            h[u] = update * h[u] + (1 - update) * activated(o.activation, x[j] + reset * r[j]);
          } else {
            h[u] = activated(o.activation, sum(0));
          }
        }
      }
      if (o.all_steps) std::copy(h.begin(), h.end(), all.begin() + (row * p.time + time) * units);
    }
    last_h.insert(last_h.end(), h.begin(), h.end());
    if (o.kind == 0) last_c.insert(last_c.end(), c.begin(), c.end());
  }
  return {all, last_h, last_c};
}

std::vector<Tensor> forward(Problem& p) {
  const int64_t steps = p.options.all_steps ? p.time : 0, two = p.options.kind == 0;
  const int64_t saved = rnnapps_saved(p.options.kind, p.units);
  std::vector<Tensor> outputs = {Tensor({p.batch, steps, p.units}), Tensor({p.batch, p.units}),
                                 Tensor({two * p.batch, two * p.units}),
                                 Tensor({p.batch, p.options.keep ? p.time : 0, saved})};
  std::vector<Buffer> in = buffers(p), out;
  for (Tensor& tensor : outputs) out.push_back(tensor.buffer());
  const char* error = rnnapps_run(0, reinterpret_cast<const int64_t*>(&p.options), in.data(), out.data());
  check(!error, error ? error : "");
  return outputs;
}

std::vector<Tensor> backward(Problem& p, std::vector<Tensor>& kept, std::vector<Tensor>& upstream) {
  const int64_t two = p.options.kind == 0, wide = width(p);
  std::vector<Tensor> outputs = {Tensor({p.batch, p.time, p.features}), Tensor({p.features, wide}),
                                 Tensor({p.units, wide}), Tensor({wide}), Tensor({wide}),
                                 Tensor({p.batch, p.units}), Tensor({two * p.batch, two * p.units})};
  std::vector<Buffer> in = buffers(p), out;
  in.push_back(kept[3].buffer());
  for (Tensor& tensor : upstream) in.push_back(tensor.buffer());
  for (Tensor& tensor : outputs) out.push_back(tensor.buffer());
  const char* error = rnnapps_run(1, reinterpret_cast<const int64_t*>(&p.options), in.data(), out.data());
  check(!error, error ? error : "");
  return outputs;
}

double loss(const Problem& p, const std::vector<Tensor>& upstream) {
  double sum = 0;
  const auto outputs = reference(p);
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (size_t j = 0; j < outputs[i].size(); ++j) sum += outputs[i][j] * upstream[i].values[j];
  }
  return sum;
}

Problem random_problem(std::mt19937& random, int64_t kind, int64_t batch, int64_t time, int64_t features,
                       int64_t units, int masks, bool reverse, bool all_steps, int64_t threads) {
  Problem p{{kind, static_cast<int64_t>(random() % 2), 1, reverse, all_steps, 1, 0, threads}, batch, time, features, units, {}, {}};
  const int64_t two = kind == 0, wide = width(p);
  for (const auto& dims : std::vector<std::vector<int64_t>>{{batch, time, features}, {features, wide},
                                                           {units, wide}, {wide}, {wide},
                                                           {batch, units}, {two * batch, two * units}}) {
    Tensor tensor(dims);
    std::normal_distribution<float> normal(0, p.inputs.empty() ? 1 : 1 / std::sqrt(1.0f * units));
    for (float& value : tensor.values) value = normal(random);
    p.inputs.push_back(tensor);
  }
  for (int64_t i = 0; masks && i < batch * time; ++i) {
    p.mask.push_back(masks == 1 ? random() % 3 > 0 : i % time < i / time % (time + 1));
    float* x = p.inputs[0].values.data() + i * features;
    if (!p.mask[i]) std::fill(x, x + features, 0.0f);
  }
  return p;
}

void compare(Problem p, std::mt19937& random) {
  Problem given = p;  // what stands at masked steps has no effect
  for (size_t i = 0; i < p.mask.size(); ++i) {
    float* x = given.inputs[0].values.data() + i * p.features;
    if (!p.mask[i]) std::fill(x, x + p.features, std::numeric_limits<float>::quiet_NaN());
  }
  const auto expected = reference(p);
  std::vector<Tensor> outputs = forward(given), upstream;
  for (int i = 0; i < 3; ++i) {
    check(outputs[i].values.size() == expected[i].size(), "sizes");
    for (size_t j = 0; j < expected[i].size(); ++j) {
      check(std::abs(outputs[i].values[j] - expected[i][j]) < 1e-5, "an output");
    }
    upstream.push_back(outputs[i]);
    for (float& value : upstream.back().values) value = std::normal_distribution<float>()(random);
  }
  const std::vector<Tensor> gradients = backward(given, outputs, upstream);
  Problem ahead = p, behind = p;
  double along = 0, size = 0;
  const double step = 1e-3;
  for (size_t i = 0; i < p.inputs.size(); ++i) {
    for (size_t j = 0; j < p.inputs[i].values.size(); ++j) {
      const double direction = std::normal_distribution<double>()(random);
      check(std::isfinite(gradients[i].values[j]), "a gradient that is no number");
      along += direction * gradients[i].values[j];
      size += std::abs(direction * gradients[i].values[j]);
      ahead.inputs[i].values[j] += step * direction;
      behind.inputs[i].values[j] -= step * direction;
    }
  }
  const double difference = (loss(ahead, upstream) - loss(behind, upstream)) / (2 * step);
  check(std::abs(along - difference) < 2e-3 * (1 + size), "the gradient");
}

// Products in bfloat16 are near those in float32, also where a library has to make them step by step.
void compare_halves(Problem p) {
  std::vector<Tensor> outputs = forward(p), upstream(outputs.begin(), outputs.begin() + 3);
  std::vector<Tensor> gradients = backward(p, outputs, upstream);
  p.options.half = 1;
  std::vector<Tensor> halves = forward(p), half_gradients = backward(p, halves, upstream);
  halves.resize(3), outputs.resize(3);
  halves.insert(halves.end(), half_gradients.begin(), half_gradients.end());
  outputs.insert(outputs.end(), gradients.begin(), gradients.end());
  for (size_t i = 0; i < outputs.size(); ++i) {
    float largest = 1e-3f, off = 0;
    for (size_t j = 0; j < outputs[i].values.size(); ++j) {
      largest = std::max(largest, std::abs(outputs[i].values[j]));
      off = std::max(off, std::abs(outputs[i].values[j] - halves[i].values[j]));
      check(std::isfinite(halves[i].values[j]), "half precision: no number");
    }
    check(off < 0.05f * largest, "half precision: array " + std::to_string(i));
  }
}

void refuses(Problem p, const std::string& what) {
  Tensor all({p.batch, p.time, p.units}), h({p.batch, p.units}), c({p.batch, p.units}), saved({1, 1, 1});
  std::vector<Buffer> in = buffers(p), out = {all.buffer(), h.buffer(), c.buffer(), saved.buffer()};
  check(rnnapps_run(0, reinterpret_cast<const int64_t*>(&p.options), in.data(), out.data()), what);
}

}  // namespace

int main() {
  std::mt19937 random(0);
  const int64_t sizes[][4] = {{1, 1, 1, 1}, {3, 5, 2, 7}, {5, 9, 3, 33}, {31, 3, 20, 16}, {2, 120, 1, 3}};
  for (const auto& size : sizes) {
    for (int kind = 0; kind < 3; ++kind) {
      for (int masks = 0; masks < 3; ++masks) {
        for (int way = 0; way < 4; ++way) {
          Problem p = random_problem(random, kind, size[0], size[1], size[2], size[3], masks, way & 1,
                                     way & 2, 1 + way);
          compare(p, random);
          if (RNNAPPS_TEST_HALVES && p.time < 100) compare_halves(p);  // roundings grow with time
        }
      }
    }
  }
  Problem p = random_problem(random, 0, 8, 20, 40, 64, 1, false, true, 3);
  // Several threads at once, and processes that were forked after the first call.
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([p]() mutable { forward(p); });
  for (std::thread& caller : callers) caller.join();
#if !defined(__SANITIZE_THREAD__)
  const pid_t child = fork();
  if (child == 0) {
    forward(p);
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  check(status == 0, "a forked process");
#endif
  Problem wrong = p;
  wrong.inputs[1].dims[0] -= 1;
  refuses(wrong, "weights that do not fit");
  wrong = p;
  wrong.mask.clear(), wrong.options.kind = 7;
  refuses(wrong, "an unknown kind");
  refuses(p, "an output that is too small");
  std::puts("all right");
  return 0;
}
