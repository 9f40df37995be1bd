// The recurrence of an attention decoder, forth and back: a part of kernel.cc, with whose vectors, threads
// and products it works. `interface.h` says what goes in and comes out.
//
// A thread takes its rows of the batch through all time steps. Here are the products of a step alone: those
// of the inputs, and on the way back the gradients of the weights, are one product each over all steps,
// which the backend makes before and behind. Attention to a memory is computed for one row at a time; its
// hyperbolic tangents are computed again on the way back, since to keep them would take the most memory.
//
// Luong et al. 2015, section 3.3, with the cells of Hochreiter and Schmidhuber 1997 or Cho et al. 2014, and
// the scores of Bahdanau et al. 2015 or of Luong et al. 2015.

// `space` is that in which query and memory meet.
struct AttentionSizes {
  int64_t batch, time, source, memory, units, space, vector;
};

// Arrays of rows, as panels of columns: what a product gives and takes.
class Rows {
 public:
  Rows(int64_t rows, int64_t size)
      : rows_(rows), groups_(filled_up(size) / kPanel), data_(rows * filled_up(size)) {
    std::fill(data_ + 0, data_ + rows * filled_up(size), 0.0f);
  }
  float* at(int64_t m, int64_t column) {
    return data_ + ((column / kPanel * rows_ + m) * kPanel + column % kPanel);
  }
  Left left() const { return panels_of(data_ + 0, rows_); }
  int64_t rows() const { return rows_; }
  int64_t groups() const { return groups_; }
  int64_t padded() const { return groups_ * kPanel; }

  void read(int64_t m, const float* from, int64_t size) {
    for (int64_t i = 0; i < size; i += kPanel) {
      std::copy(from + i, from + std::min(i + kPanel, size), at(m, i));
    }
  }
  void write(int64_t m, int64_t size, float* to) {
    for (int64_t i = 0; i < size; i += kPanel) {
      std::copy(at(m, i), at(m, i) + std::min(kPanel, size - i), to + i);
    }
  }

 private:
  int64_t rows_, groups_;
  Array<> data_;
};

inline void store_some(float* to, Vec value, int64_t count) {
  if (count >= kLanes) return store(to, value);
  for (int64_t i = 0; i < count; ++i) to[i] = value[i];
}

inline float sum_of(Vec value) {
  float sum = 0;
  for (int64_t i = 0; i < kLanes; ++i) sum += value[i];
  return sum;
}

// Weights (depth, G * units) of products from the left; with `kTransposed` those of the way back.
template <class Cell, bool kTransposed>
class Weights {
 public:
  Weights(const float* weights, int64_t depth, int64_t units, int64_t threads)
      : depth_(depth), sizes_{0, 0, 0, units}, panels_(size()) {
    spread(count(), size(), threads, [&](int64_t number) {
      if (kTransposed) {
        pack_transposed<Cell>(weights, depth, sizes_, number, panels_ + 0);
      } else {
        pack<Cell>(weights, depth, sizes_, number, panels_ + 0);
      }
    });
  }

  // `result`, or with `kAdd` what it holds and, the product of the rows with these weights.
  template <bool kAdd>
  void product_of(const Rows& rows, Rows& result) const {
    const int64_t depth = kTransposed ? Cell::kGates * sizes_.padded() : depth_;
    product<false, kAdd>(rows.rows(), rows.left(), depth, panels_ + 0, result.at(0, 0),
                         {result.groups(), depth * kPanel, rows.rows() * kPanel});
  }

  // The same of a GRU's gates, but for its candidate, whose product has a result of its own.
  void product_of(const Rows& rows, Rows& result, Rows& own) const {
    constexpr int64_t kOthers = Cell::kGates - 1;
    const Panels panels{kOthers, depth_ * kPanel, rows.rows() * kPanel};
    for (int64_t group = 0; group < sizes_.groups(); ++group) {
      const float* right = panels_ + group * Cell::kGates * panels.right;
      product<false, true>(rows.rows(), rows.left(), depth_, right,
                           result.at(0, group * Cell::kGates * kPanel), panels);
      product<false, false>(rows.rows(), rows.left(), depth_, right + kOthers * panels.right,
                            own.at(0, group * kPanel), {1, 0, 0});
    }
  }

 private:
  int64_t count() const { return kTransposed ? filled_up(depth_) / kPanel : sizes_.groups(); }
  int64_t size() const { return (kTransposed ? filled_up(depth_) : depth_) * Cell::kGates * sizes_.padded(); }

  int64_t depth_;
  Sizes sizes_;
  Array<> panels_;
};

template <class Work>
void share_rows(int64_t batch, int64_t threads, const Work& work) {
  const int64_t count = std::max<int64_t>(1, std::min(threads, batch));
  in_parallel(count, [&](int64_t number) {
    const int64_t first = batch * number / count;
    work(first, batch * (number + 1) / count - first);
  });
}

// What both ways share; backwards the weights are transposed.
template <class Cell, bool kTransposed>
class Attention {
 protected:
  Attention(const Options& options, const AttentionSizes& sizes, const Buffer* inputs, const Buffer* outputs)
      : options_(options), sizes_(sizes), additive_(options.attention == 1),
        mask_(static_cast<const uint8_t*>(inputs[1].data)), h_(floats(inputs[6])),
        c_(floats(inputs[7])), memory_(floats(inputs[8])), keys_(floats(inputs[9])),
        scale_(filled_bias<SimpleRnn>(floats(inputs[12]), {0, 0, 0, own_space()})),
        feeding_(floats(inputs[2]), sizes.vector, sizes.units, options.threads),
        recurrent_(floats(inputs[3]), sizes.units, sizes.units, options.threads),
        query_(floats(inputs[10]), additive_ ? sizes.units : 0, own_space(), options.threads),
        combine_h_(floats(inputs[13]), sizes.units, sizes.vector, options.threads),
        combine_mean_(floats(inputs[13]) + sizes.units * sizes.vector, sizes.memory, sizes.vector,
                      options.threads),
        outputs_(outputs) {}

  // Of what multiplicative scores do not have.
  int64_t own_space() const { return additive_ ? sizes_.space : 0; }

  int64_t step_of(int64_t row, int64_t time) const { return row * sizes_.time + time; }
  bool real(int64_t row, int64_t source) const { return mask_[row * sizes_.source + source]; }
  const float* key(int64_t row, int64_t source) const {
    return keys_ + (row * sizes_.source + source) * sizes_.space;
  }
  const float* remembered(int64_t row, int64_t source) const {
    return memory_ + (row * sizes_.source + source) * sizes_.memory;
  }
  // What the gradient needs of a group of units at a step.
  int64_t saved_at(int64_t row, int64_t time, int64_t group) const {
    return (step_of(row, time) * (filled_up(sizes_.units) / kPanel) + group) * Cell::kSaved * kPanel;
  }

  const Options options_;
  const AttentionSizes sizes_;
  const bool additive_;
  const uint8_t* const mask_;
  const float *const h_, *const c_, *const memory_, *const keys_;
  const std::vector<float> scale_;
  const Weights<Cell, kTransposed> feeding_, recurrent_;
  const Weights<SimpleRnn, kTransposed> query_, combine_h_, combine_mean_;
  const Buffer* const outputs_;
};

template <class Cell>
class AttentionForward : Attention<Cell, false> {
  using Base = Attention<Cell, false>;
  using Base::additive_, Base::c_, Base::combine_h_, Base::combine_mean_, Base::feeding_, Base::h_,
      Base::key, Base::options_, Base::outputs_, Base::own_space, Base::query_, Base::real,
      Base::recurrent_, Base::remembered, Base::saved_at, Base::scale_, Base::sizes_, Base::step_of;

 public:
  AttentionForward(const Options& options, const AttentionSizes& sizes, const Buffer* inputs,
                   const Buffer* outputs)
      : Base(options, sizes, inputs, outputs), x_(floats(inputs[0])),
        bias_(filled_bias<Cell>(floats(inputs[4]), {0, 0, 0, sizes.units})),
        recurrent_bias_(filled_bias<Cell>(floats(inputs[5]), {0, 0, 0, sizes.units})),
        query_bias_(filled_bias<SimpleRnn>(floats(inputs[11]), {0, 0, 0, own_space()})) {}

  void run() {
    share_rows(sizes_.batch, options_.threads, [&](int64_t first, int64_t rows) { run(first, rows); });
  }

 private:
  void run(int64_t first, int64_t count) {
    Rows h(count, sizes_.units), c(count, Cell::kTwoStates ? sizes_.units : 0), vector(count, sizes_.vector);
    Rows sums(count, Cell::kGates * filled_up(sizes_.units));
    Rows own(count, Cell::kOwnCandidate ? sizes_.units : 0);
    Rows query(count, own_space()), mean(count, sizes_.memory);
    Array<> asked(filled_up(sizes_.space)), found(filled_up(sizes_.memory));
    for (int64_t m = 0; m < count; ++m) {
      h.read(m, h_ + (first + m) * sizes_.units, sizes_.units);
      if (Cell::kTwoStates) c.read(m, c_ + (first + m) * sizes_.units, sizes_.units);
    }
    for (int64_t time = 0; time < sizes_.time; ++time) {
      feeding_.template product_of<false>(vector, sums);
      if constexpr (Cell::kOwnCandidate) {
        recurrent_.product_of(h, sums, own);
      } else {
        recurrent_.template product_of<true>(h, sums);
      }
      for (int64_t m = 0; m < count; ++m) advance(first + m, time, m, h, c, sums, own);
      if (additive_) query_.template product_of<false>(h, query);
      for (int64_t m = 0; m < count; ++m) {
        attend(first + m, time, m, additive_ ? query : h, mean, asked, found);
      }
      combine_h_.template product_of<false>(h, vector);
      combine_mean_.template product_of<true>(mean, vector);
      for (int64_t m = 0; m < count; ++m) {
        for (int64_t i = 0; i < vector.padded(); i += kLanes) {
          store(vector.at(m, i), tanh_of(load(vector.at(m, i))));
        }
        vector.write(m, sizes_.vector, writable(outputs_[0]) + step_of(first + m, time) * sizes_.vector);
      }
    }
  }

  // The cell, for one row.
  void advance(int64_t row, int64_t time, int64_t m, Rows& h, Rows& c, Rows& sums, Rows& own) const {
    const int64_t units = sizes_.units;
    const float* x = x_ + step_of(row, time) * Cell::kGates * units;
    for (int64_t unit = 0; unit < h.padded(); unit += kLanes) {
      const int64_t group = unit / kPanel, half = unit % kPanel, left = units - unit;
      Vec in[Cell::kGates], saved[Cell::kSaved], recurrent{};
      for (int gate = 0; gate < Cell::kGates; ++gate) {
        const int64_t at = gate * h.padded() + unit;
        const Vec bias = load(bias_.data() + at), recurrent_bias = load(recurrent_bias_.data() + at);
        in[gate] = load(sums.at(m, (group * Cell::kGates + gate) * kPanel + half)) +
                   load_some(x + gate * units + unit, left) + bias;
        if (Cell::kOwnCandidate && gate == Cell::kGates - 1) {
          recurrent = load(own.at(m, unit)) + recurrent_bias;
        } else {
          in[gate] += recurrent_bias;
        }
      }
      Cell::forward(options_, in, recurrent, load(h.at(m, unit)),
                    Cell::kTwoStates ? load(c.at(m, unit)) : Vec{}, saved);
      store(h.at(m, unit), saved[Cell::kH]);
      if (Cell::kTwoStates) store(c.at(m, unit), saved[Cell::kC]);
      if (!options_.keep) continue;
      float* to = writable(outputs_[3]) + saved_at(row, time, group) + half;
      for (int i = 0; i < Cell::kSaved; ++i) store(to + i * kPanel, saved[i]);
    }
    if (options_.keep) h.write(m, units, writable(outputs_[2]) + step_of(row, time) * units);
  }

  // The weights that a row gives its memory, and its mean by them.
  void attend(int64_t row, int64_t time, int64_t m, Rows& query, Rows& mean, Array<>& asked,
              Array<>& found) const {
    const int64_t source = sizes_.source, space = sizes_.space, size = sizes_.memory;
    for (int64_t i = 0; i < space; i += kLanes) {
      store(asked + i, load(query.at(m, i)) + (additive_ ? load(query_bias_.data() + i) : Vec{}));
    }
    float* weights = writable(outputs_[1]) + step_of(row, time) * source;
    float highest = -std::numeric_limits<float>::infinity(), total = 0;
    for (int64_t s = 0; s < source; ++s) {
      if (!real(row, s)) continue;
      const float* keys = key(row, s);
      Vec score{};
      for (int64_t i = 0; i < space; i += kLanes) {
        const Vec q = load(asked + i), k = load_some(keys + i, space - i);
        score += additive_ ? load(scale_.data() + i) * tanh_of(q + k) : q * k;
      }
      weights[s] = sum_of(score);
      highest = std::max(highest, weights[s]);
    }
    for (int64_t s = 0; s < source; ++s) {
      weights[s] = real(row, s) ? std::exp(weights[s] - highest) : 0.0f;
      total += weights[s];
    }
    std::fill(found + 0, found + filled_up(size), 0.0f);
    for (int64_t s = 0; s < source; ++s) {
      if (!real(row, s)) continue;
      weights[s] /= total;
      const float* from = remembered(row, s);
      for (int64_t i = 0; i < size; i += kLanes) {
        store(found + i, load(found + i) + all(weights[s]) * load_some(from + i, size - i));
      }
    }
    mean.read(m, found + 0, size);
    if (!options_.keep) return;
    if (additive_) std::copy(asked + 0, asked + space, writable(outputs_[4]) + step_of(row, time) * space);
    std::copy(found + 0, found + size, writable(outputs_[5]) + step_of(row, time) * size);
  }

  const float* const x_;
  const std::vector<float> bias_, recurrent_bias_, query_bias_;
};

template <class Cell>
class AttentionBackward : Attention<Cell, true> {
  using Base = Attention<Cell, true>;
  using Base::additive_, Base::c_, Base::combine_h_, Base::combine_mean_, Base::feeding_, Base::h_,
      Base::key, Base::options_, Base::outputs_, Base::own_space, Base::query_, Base::real,
      Base::recurrent_, Base::remembered, Base::saved_at, Base::scale_, Base::sizes_, Base::step_of;

 public:
  AttentionBackward(const Options& options, const AttentionSizes& sizes, const Buffer* inputs,
                    const Buffer* outputs)
      : Base(options, sizes, inputs, outputs), vectors_(floats(inputs[14])), alignments_(floats(inputs[15])),
        saved_(floats(inputs[16])), queries_(floats(inputs[17])), d_vectors_(floats(inputs[18])),
        d_alignments_(floats(inputs[19])) {}

  void run() {
    share_rows(sizes_.batch, options_.threads, [&](int64_t first, int64_t rows) { run(first, rows); });
  }

 private:
  void run(int64_t first, int64_t count) {
    const int64_t units = sizes_.units, wide = Cell::kGates * filled_up(units);
    Rows dh(count, units), dc(count, Cell::kTwoStates ? units : 0), d_vector(count, sizes_.vector);
    Rows d_combined(count, sizes_.vector), d_mean(count, sizes_.memory), d_query(count, own_space());
    Rows deltas(count, wide), own(count, Cell::kOwnCandidate ? wide : 0);
    Array<> d_found(filled_up(sizes_.memory)), d_weights(sizes_.source);
    Array<> asked(filled_up(sizes_.space)), d_asked(filled_up(sizes_.space));
    const int64_t keys = sizes_.source * sizes_.space;
    std::fill_n(writable(outputs_[5]) + first * keys, count * keys, 0.0f);
    if (additive_) std::fill_n(writable(outputs_[7]) + first * sizes_.space, count * sizes_.space, 0.0f);
    for (int64_t time = sizes_.time - 1; time >= 0; --time) {
      for (int64_t m = 0; m < count; ++m) {
        const int64_t at = step_of(first + m, time) * sizes_.vector;
        for (int64_t i = 0; i < sizes_.vector; i += kLanes) {
          const int64_t left = sizes_.vector - i;
          const Vec y = load_some(vectors_ + at + i, left);
          const Vec d = load_some(d_vectors_ + at + i, left) + load(d_vector.at(m, i));
          store(d_combined.at(m, i), d * (all(1) - y * y));
        }
        d_combined.write(m, sizes_.vector, writable(outputs_[8]) + at);
      }
      combine_h_.template product_of<true>(d_combined, dh);
      combine_mean_.template product_of<false>(d_combined, d_mean);
      for (int64_t m = 0; m < count; ++m) {
        attend(first + m, time, m, d_mean, additive_ ? d_query : dh, d_found, asked, d_asked, d_weights);
      }
      if (additive_) query_.template product_of<true>(d_query, dh);
      for (int64_t m = 0; m < count; ++m) retreat(first + m, time, m, dh, dc, deltas, own);
      recurrent_.template product_of<true>(Cell::kOwnCandidate ? own : deltas, dh);
      feeding_.template product_of<false>(deltas, d_vector);
    }
    for (int64_t m = 0; m < count; ++m) {
      dh.write(m, units, writable(outputs_[2]) + (first + m) * units);
      if (Cell::kTwoStates) dc.write(m, units, writable(outputs_[3]) + (first + m) * units);
    }
  }

  // From the derivatives with respect to a row's mean and weights: those with respect to what it asked, to
  // the keys and to the vector of the scores, which both are without its factor yet.
  void attend(int64_t row, int64_t time, int64_t m, Rows& d_mean, Rows& d_query, Array<>& d_found,
              Array<>& asked, Array<>& d_asked, Array<>& d_weights) const {
    const int64_t source = sizes_.source, space = sizes_.space, size = sizes_.memory;
    const int64_t step = step_of(row, time);
    const float *weights = alignments_ + step * source, *upstream = d_alignments_ + step * source;
    std::fill(d_found + 0, d_found + filled_up(size), 0.0f);
    d_mean.write(m, size, d_found + 0);
    std::copy(d_found + 0, d_found + size, writable(outputs_[4]) + step * size);
    float total = 0;
    for (int64_t s = 0; s < source; ++s) {
      if (!real(row, s)) continue;
      const float* from = remembered(row, s);
      Vec sum{};
      for (int64_t i = 0; i < size; i += kLanes) sum += load(d_found + i) * load_some(from + i, size - i);
      *(d_weights + s) = sum_of(sum) + upstream[s];
      total += weights[s] * *(d_weights + s);
    }
    for (int64_t i = 0; i < space; i += kLanes) {
      const float* h = saved_ + saved_at(row, time, i / kPanel) + Cell::kH * kPanel + i % kPanel;
      store(asked + i, additive_ ? load_some(queries_ + step * space + i, space - i) : load(h));
      store(d_asked + i, Vec{});
    }
    float* d_scale = writable(outputs_[7]) + (additive_ ? row * space : 0);
    for (int64_t s = 0; s < source; ++s) {
      if (!real(row, s)) continue;
      const Vec d = all(weights[s] * (*(d_weights + s) - total));
      const float* keys = key(row, s);
      float* d_keys = writable(outputs_[5]) + (row * source + s) * space;
      for (int64_t i = 0; i < space; i += kLanes) {
        const int64_t left = space - i;
        const Vec q = load(asked + i), k = load_some(keys + i, left);
        Vec to_query = d * k, to_key = d * q;
        if (additive_) {
          const Vec y = tanh_of(q + k);
          to_query = to_key = d * (all(1) - y * y);
          store_some(d_scale + i, load_some(d_scale + i, left) + d * y, left);
        }
        store(d_asked + i, load(d_asked + i) + to_query);
        store_some(d_keys + i, load_some(d_keys + i, left) + to_key, left);
      }
    }
    for (int64_t i = 0; i < space; i += kLanes) {
      const Vec d = load(d_asked + i);
      float* to = d_query.at(m, i);
      store(to, additive_ ? d * load(scale_.data() + i) : load(to) + d);
    }
    if (additive_) d_query.write(m, space, writable(outputs_[6]) + step * space);
  }

  // The cell, for one row: the derivatives with respect to its sums.
  void retreat(int64_t row, int64_t time, int64_t m, Rows& dh, Rows& dc, Rows& deltas, Rows& own) const {
    const int64_t units = sizes_.units;
    float* d_x = writable(outputs_[0]) + step_of(row, time) * Cell::kGates * units;
    float* d_own = writable(outputs_[1]) + (Cell::kOwnCandidate ? step_of(row, time) * units : 0);
    for (int64_t unit = 0; unit < dh.padded(); unit += kLanes) {
      const int64_t group = unit / kPanel, half = unit % kPanel, left = units - unit;
      const float* from = saved_ + saved_at(row, time, group) + half;
      Vec saved[Cell::kSaved], h, c{}, dx[Cell::kGates], candidate{}, none{};
      for (int i = 0; i < Cell::kSaved; ++i) saved[i] = load(from + i * kPanel);
      if (time) {
        const float* before = saved_ + saved_at(row, time - 1, group) + half;
        h = load(before + Cell::kH * kPanel);
        if (Cell::kTwoStates) c = load(before + Cell::kC * kPanel);
      } else {
        h = load_some(h_ + row * units + unit, left);
        if (Cell::kTwoStates) c = load_some(c_ + row * units + unit, left);
      }
      Vec d = load(dh.at(m, unit)), d_cell = Cell::kTwoStates ? load(dc.at(m, unit)) : none;
      Cell::backward(options_, saved, h, c, d, d_cell, dx, candidate);
      store(dh.at(m, unit), d);
      if (Cell::kTwoStates) store(dc.at(m, unit), d_cell);
      for (int gate = 0; gate < Cell::kGates; ++gate) {
        const int64_t column = (group * Cell::kGates + gate) * kPanel + half;
        store(deltas.at(m, column), dx[gate]);
        store_some(d_x + gate * units + unit, dx[gate], left);
        if (Cell::kOwnCandidate) store(own.at(m, column), gate == Cell::kGates - 1 ? candidate : dx[gate]);
      }
      if (Cell::kOwnCandidate) store_some(d_own + unit, candidate, left);
    }
  }

  const float *const vectors_, *const alignments_, *const saved_, *const queries_, *const d_vectors_,
      *const d_alignments_;
};
