// The kernel against its equations step by step in double precision, for the compilers' sanitizers.
//
//   g++ -std=c++17 -O0 -fsanitize=address,undefined -pthread -DRNNAPPS_LANES=16 -DRNNAPPS_TEST_HALVES=1
//       tests/native/kernel_test.cc rnnapps/layers/kernels/native/kernel.cc && ./a.out
//
// Gradients are compared along a random direction with the difference of the loss.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
  Problem p{{kind, static_cast<int64_t>(random() % 2), 1, reverse, all_steps, 1, 0, threads, 0}, batch, time, features, units, {}, {}};
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

// ---- Decoders ----

struct Decoder {
  Options options;
  int64_t batch, time, source, size, units, space, vector;
  std::vector<uint8_t> mask;
  std::vector<Tensor> inputs;  // without the mask

  bool additive() const { return options.attention == 1; }
  int64_t width() const { return kGates[options.kind] * units; }
};

enum {
  kX, kFeeding, kRecurrent, kBias, kRecurrentBias, kH, kC, kMemory, kKeys, kQuery, kQueryBias, kScale, kCombine
};

std::vector<Buffer> buffers(Decoder& d) {
  std::vector<Buffer> all = {d.inputs[0].buffer(), {d.mask.data(), 2, {d.batch, d.source}}};
  for (size_t i = 1; i < d.inputs.size(); ++i) all.push_back(d.inputs[i].buffer());
  return all;
}

// Vectors and alignments of all steps, in double precision.
std::vector<std::vector<double>> reference(const Decoder& d) {
  const auto at = [&](int input, int64_t i) { return static_cast<double>(d.inputs[input].values[i]); };
  const int64_t units = d.units, wide = d.width();
  std::vector<double> vectors, alignments;
  for (int64_t row = 0; row < d.batch; ++row) {
    std::vector<double> h(units), c(units), vector(d.vector);
    for (int64_t u = 0; u < units; ++u) {
      h[u] = at(kH, row * units + u);
      if (d.options.kind == 0) c[u] = at(kC, row * units + u);
    }
    for (int64_t time = 0; time < d.time; ++time) {
      std::vector<double> x(wide), r(wide);
      for (int64_t j = 0; j < wide; ++j) {
        x[j] = at(kX, (row * d.time + time) * wide + j) + at(kBias, j), r[j] = at(kRecurrentBias, j);
        for (int64_t k = 0; k < d.vector; ++k) x[j] += vector[k] * at(kFeeding, k * wide + j);
        for (int64_t k = 0; k < units; ++k) r[j] += h[k] * at(kRecurrent, k * wide + j);
      }
      for (int64_t u = 0; u < units; ++u) {
        const auto gate = [&](int i) { return activated(1, x[i * units + u] + r[i * units + u]); };
        if (d.options.kind == 0) {
          c[u] = gate(1) * c[u] + gate(0) * std::tanh(x[2 * units + u] + r[2 * units + u]);
          h[u] = gate(3) * std::tanh(c[u]);
        } else {
          h[u] = gate(0) * h[u] + (1 - gate(0)) * std::tanh(x[2 * units + u] + gate(1) * r[2 * units + u]);
        }
      }
      std::vector<double> weights(d.source), both = h;
      double total = 0;
      for (int64_t s = 0; s < d.source; ++s) {
        if (!d.mask[row * d.source + s]) continue;
        double score = 0;
        for (int64_t i = 0; i < d.space; ++i) {
          const double key = at(kKeys, (row * d.source + s) * d.space + i);
          double query = d.additive() ? at(kQueryBias, i) : h[i];
          for (int64_t u = 0; d.additive() && u < units; ++u) query += h[u] * at(kQuery, u * d.space + i);
          score += d.additive() ? at(kScale, i) * std::tanh(query + key) : query * key;
        }
        total += weights[s] = std::exp(score);
      }
      both.resize(units + d.size);
      for (int64_t s = 0; s < d.source; ++s) {
        if (!d.mask[row * d.source + s]) continue;
        weights[s] /= total;
        for (int64_t i = 0; i < d.size; ++i) {
          both[units + i] += weights[s] * at(kMemory, (row * d.source + s) * d.size + i);
        }
      }
      for (int64_t i = 0; i < d.vector; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < units + d.size; ++k) sum += both[k] * at(kCombine, k * d.vector + i);
        vector[i] = std::tanh(sum);
      }
      vectors.insert(vectors.end(), vector.begin(), vector.end());
      alignments.insert(alignments.end(), weights.begin(), weights.end());
    }
  }
  return {vectors, alignments};
}

double loss(const Decoder& d, const std::vector<Tensor>& upstream) {
  double sum = 0;
  const auto outputs = reference(d);
  for (int i = 0; i < 2; ++i) {
    for (size_t j = 0; j < outputs[i].size(); ++j) sum += outputs[i][j] * upstream[i].values[j];
  }
  return sum;
}

Decoder random_decoder(std::mt19937& random, int64_t kind, int64_t attention, const int64_t* n,
                       int64_t threads) {
  const int64_t units = n[4], space = attention == 1 ? n[5] : units, own = attention == 1 ? space : 0;
  const int64_t lstm = kind == 0;
  Decoder d{{kind, 0, 1, 0, 1, 1, 0, threads, attention}, n[0], n[1], n[2], n[3], units, space, n[6], {}, {}};
  const int64_t wide = d.width();
  for (const auto& dims : std::vector<std::vector<int64_t>>{
           {d.batch, d.time, wide}, {d.vector, wide}, {units, wide}, {wide}, {wide}, {d.batch, units},
           {lstm * d.batch, lstm * units}, {d.batch, d.source, d.size}, {d.batch, d.source, space},
           {(attention == 1) * units, own}, {own}, {own}, {units + d.size, d.vector}}) {
    Tensor tensor(dims);
    std::normal_distribution<float> normal(0, d.inputs.empty() ? 1 : 1 / std::sqrt(1.0f * units));
    for (float& value : tensor.values) value = normal(random);
    d.inputs.push_back(tensor);
  }
  for (int64_t i = 0; i < d.batch * d.source; ++i) d.mask.push_back(i / d.source % 3 != 1 && random() % 3 > 0);
  return d;
}

std::vector<Tensor> forward(Decoder& d) {
  const int64_t steps = d.options.keep ? d.time : 0;
  std::vector<Tensor> outputs = {Tensor({d.batch, d.time, d.vector}),
                                 Tensor({d.batch, d.time, d.source}),
                                 Tensor({d.batch, steps, d.units}),
                                 Tensor({d.batch, steps, rnnapps_saved(d.options.kind, d.units)}),
                                 Tensor({d.batch, d.additive() ? steps : 0, d.space}),
                                 Tensor({d.batch, steps, d.size})};
  std::vector<Buffer> in = buffers(d), out;
  for (Tensor& tensor : outputs) out.push_back(tensor.buffer());
  const char* error = rnnapps_run(0, reinterpret_cast<const int64_t*>(&d.options), in.data(), out.data());
  check(!error, error ? error : "");
  return outputs;
}

// The gradients with respect to the inputs: what the kernel gives, and the products that its callers make.
std::vector<Tensor> backward(Decoder& d, std::vector<Tensor>& kept, std::vector<Tensor>& upstream) {
  const int64_t units = d.units, wide = d.width(), lstm = d.options.kind == 0, additive = d.additive();
  std::vector<Tensor> out = {
      Tensor({d.batch, d.time, wide}), Tensor({d.batch, lstm ? 0 : d.time, units}), Tensor({d.batch, units}),
      Tensor({lstm * d.batch, lstm * units}), Tensor({d.batch, d.time, d.size}),
      Tensor({d.batch, d.source, d.space}), Tensor({d.batch, additive * d.time, d.space}),
      Tensor({additive * d.batch, additive * d.space}), Tensor({d.batch, d.time, d.vector})};
  std::vector<Buffer> in = buffers(d), results;
  for (int i : {0, 1, 3, 4}) in.push_back(kept[i].buffer());
  for (Tensor& tensor : upstream) in.push_back(tensor.buffer());
  for (Tensor& tensor : out) results.push_back(tensor.buffer());
  const char* error =
      rnnapps_run(1, reinterpret_cast<const int64_t*>(&d.options), in.data(), results.data());
  check(!error, error ? error : "");
  std::vector<Tensor> gradients;
  for (const Tensor& input : d.inputs) {
    gradients.emplace_back(input.dims);
    std::fill(gradients.back().values.begin(), gradients.back().values.end(), 0.0f);
  }
  gradients[kX] = out[0], gradients[kH] = out[2], gradients[kC] = out[3], gradients[kKeys] = out[5];
  for (size_t i = 0; additive && i < out[5].values.size(); ++i) {
    gradients[kKeys].values[i] *= d.inputs[kScale].values[i % d.space];
  }
  for (size_t i = 0; i < out[7].values.size(); ++i) gradients[kScale].values[i % d.space] += out[7].values[i];
  const auto add = [](float* sums, const float* left, int64_t rows, const float* right, int64_t columns) {
    for (int64_t i = 0; i < rows * columns; ++i) sums[i] += left[i / columns] * right[i % columns];
  };
  const float one = 1;
  for (int64_t step = 0; step < d.batch * d.time; ++step) {
    const int64_t row = step / d.time;
    const float* const h = kept[2].values.data() + step * units;
    const float* const dx = out[0].values.data() + step * wide;
    const float* const d_combined = out[8].values.data() + step * d.vector;
    std::vector<float> dr(dx, dx + wide);
    if (!lstm) std::copy_n(out[1].values.data() + step * units, units, dr.data() + 2 * units);
    const auto to = [&](int input, int64_t offset = 0) { return gradients[input].values.data() + offset; };
    add(to(kBias), &one, 1, dx, wide), add(to(kRecurrentBias), &one, 1, dr.data(), wide);
    const bool first = step % d.time == 0;
    if (!first) add(to(kFeeding), kept[0].values.data() + (step - 1) * d.vector, d.vector, dx, wide);
    add(to(kRecurrent), first ? d.inputs[kH].values.data() + row * units : h - units, units, dr.data(), wide);
    add(to(kMemory, row * d.source * d.size), kept[1].values.data() + step * d.source, d.source,
        out[4].values.data() + step * d.size, d.size);
    add(to(kCombine), h, units, d_combined, d.vector);
    add(to(kCombine, units * d.vector), kept[5].values.data() + step * d.size, d.size, d_combined, d.vector);
    if (!additive) continue;
    const float* d_query = out[6].values.data() + step * d.space;
    add(to(kQuery), h, units, d_query, d.space), add(to(kQueryBias), &one, 1, d_query, d.space);
  }
  return gradients;
}

void compare(const Decoder& d, std::mt19937& random) {
  Decoder given = d;  // what stands at masked positions has no effect
  for (size_t i = 0; i < d.mask.size(); ++i) {
    if (d.mask[i]) continue;
    const float none = std::numeric_limits<float>::quiet_NaN();
    std::fill_n(given.inputs[kMemory].values.data() + i * d.size, d.size, none);
    std::fill_n(given.inputs[kKeys].values.data() + i * d.space, d.space, none);
  }
  const auto expected = reference(d);
  std::vector<Tensor> outputs = forward(given), upstream(outputs.begin(), outputs.begin() + 2);
  given.options.keep = 0;
  const std::vector<Tensor> alone = forward(given);
  given.options.keep = 1;
  for (int i = 0; i < 2; ++i) {
    for (size_t j = 0; j < expected[i].size(); ++j) {
      check(std::abs(outputs[i].values[j] - expected[i][j]) < 1e-5, "an output of a decoder");
      check(outputs[i].values[j] == alone[i].values[j], "a decoder that keeps nothing");
      upstream[i].values[j] = std::normal_distribution<float>()(random);
    }
  }
  const std::vector<Tensor> gradients = backward(given, outputs, upstream);
  Decoder ahead = d, behind = d;
  double along = 0, size = 0;
  const double step = 1e-3;
  for (size_t i = 0; i < d.inputs.size(); ++i) {
    for (size_t j = 0; j < d.inputs[i].values.size(); ++j) {
      const double direction = std::normal_distribution<double>()(random);
      check(std::isfinite(gradients[i].values[j]), "a decoder's gradient that is no number");
      along += direction * gradients[i].values[j];
      size += std::abs(direction * gradients[i].values[j]);
      ahead.inputs[i].values[j] += step * direction;
      behind.inputs[i].values[j] -= step * direction;
    }
  }
  const double difference = (loss(ahead, upstream) - loss(behind, upstream)) / (2 * step);
  check(std::abs(along - difference) < 2e-3 * (1 + size), "the gradient of a decoder");
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
  // Batch, time, source, size, units, space, vector.
  const int64_t decoders[][7] = {{1, 1, 1, 1, 1, 1, 1}, {4, 3, 5, 7, 9, 33, 3}, {7, 2, 2, 34, 33, 5, 17}};
  for (const auto& numbers : decoders) {
    for (int way = 0; way < 4; ++way) {
      compare(random_decoder(random, way & 1, 1 + way / 2, numbers, 1 + way), random);
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
  Decoder decoder = random_decoder(random, 0, 1, decoders[1], 1);
  for (size_t i = 0; i < decoder.inputs.size(); ++i) {
    Decoder other = decoder;
    other.inputs[i].dims.back() += 1;
    std::vector<Buffer> in = buffers(other), out(rnnapps::kMostOutputs);
    const bool fit = rnnapps::output_sizes(false, other.options, in.data(), out.data());
    check(!fit, "a decoder's array that does not fit");
  }
  for (int64_t attention : {-1, 3}) {
    decoder.options.attention = attention;
    std::vector<Buffer> in = buffers(decoder), out(rnnapps::kMostOutputs);
    check(!rnnapps::output_sizes(false, decoder.options, in.data(), out.data()), "an unknown attention");
  }
  std::puts("all right");
  return 0;
}
