// LSTM, GRU and simple RNN on a processor, forth and back, in float32, by choice with products in
// bfloat16 where the processor has tiles (AMX) or vectors (AVX512-BF16) for them.
//
// A thread takes its rows of the batch through all time steps, so that no step waits for another
// thread. The product of the inputs is made for a chunk of steps at once; that of the states is made for
// a panel of columns at a time, and the gates are computed while it is in the cache. On the way back the
// gradients of the weights are one product for a chunk of steps. Only real steps are computed: each row
// has a list of those that its mask leaves, and rows with most steps come first, so that the rows that
// have a step are always the first ones.
//
// One source for all processors: it is compiled once for each instruction set, with RNNAPPS_LANES floats
// in a vector (a vector type of GCC and Clang), and the caller loads what its processor can run.
//
// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; Cho et al. 2014, in the
// variant that resets after the product; Elman 1990.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>
#include <type_traits>
#include <variant>
#include <vector>

#include "interface.h"

#if defined(__AMX_BF16__) || defined(__AVX512BF16__)
#include <immintrin.h>
#endif
#if defined(__AMX_BF16__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#ifndef RNNAPPS_LANES
#define RNNAPPS_LANES 4
#endif

namespace rnnapps {
namespace {

// ---- Vectors ----

constexpr int64_t kLanes = RNNAPPS_LANES;
constexpr int64_t kPanel = 2 * kLanes;  // columns of weights that a product holds in registers
constexpr int kRows = kLanes == 16 ? 14 : 6;  // and rows: with them the registers are full
constexpr int64_t kDepth = 256;  // rows of a panel that stay in the first cache
constexpr int64_t kAlignment = 64;

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef float Unaligned __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vec load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<Unaligned*>(to) = value; }
inline Vec all(float value) { return value - Vec{}; }

// The first `count` of a vector's floats, zeros for the rest.
inline Vec load_some(const float* from, int64_t count) {
  if (count >= kLanes) return load(from);
  Vec value{};
  for (int64_t i = 0; i < count; ++i) value[i] = from[i];
  return value;
}

// Within 1e-7: a ratio of polynomials, where 1 is reached at the bound. NaN stays NaN.
inline Vec tanh_of(Vec x) {
  const Vec bound = all(7.90531110763549805f);
  x = x > bound ? bound : x;
  x = x < -bound ? -bound : x;
  const Vec s = x * x;
  Vec p = s * all(-2.76076847742355e-16f) + all(2.00018790482477e-13f);
  p = p * s + all(-8.60467152213735e-11f);
  p = p * s + all(5.12229709037114e-08f);
  p = p * s + all(1.48572235717979e-05f);
  p = p * s + all(6.37261928875436e-04f);
  p = p * s + all(4.89352455891786e-03f);
  Vec q = s * all(1.19825839466702e-06f) + all(1.18534705686654e-04f);
  q = q * s + all(2.26843463243900e-03f);
  q = q * s + all(4.89352518554385e-03f);
  return x * p / q;
}

enum Function { kTanh, kSigmoid, kRelu, kLinear };

inline Vec activated(int64_t function, Vec x) {
  switch (function) {
    case kTanh: return tanh_of(x);
    case kSigmoid: return tanh_of(x * all(0.5f)) * all(0.5f) + all(0.5f);
    case kRelu: return x < all(0) ? all(0) : x;
    default: return x;
  }
}

// The derivative of an activation, from its value.
inline Vec slope(int64_t function, Vec y) {
  switch (function) {
    case kTanh: return all(1) - y * y;
    case kSigmoid: return y * (all(1) - y);
    case kRelu: return y > all(0) ? all(1) : all(0);
    default: return all(1);
  }
}

// Numbers below 1e-38 count as zero while it lives, as in the backends' own kernels: a gradient that
// fades over time would else take a hundred times as long.
class WithoutDenormals {
 public:
#if defined(__x86_64__)
  WithoutDenormals() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(before_ | 0x8040); }
  ~WithoutDenormals() { __builtin_ia32_ldmxcsr(before_); }

 private:
  unsigned before_;
#endif
};

// ---- Memory and threads ----

// Numbers that are not initialised.
template <class Number = float>
class Array {
 public:
  explicit Array(int64_t size)
      : data_(static_cast<Number*>(::operator new(std::max<int64_t>(size, 1) * sizeof(Number),
                                                  std::align_val_t(kAlignment)))) {}
  ~Array() { ::operator delete(data_, std::align_val_t(kAlignment)); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  Number* operator+(int64_t offset) { return data_ + offset; }
  const Number* operator+(int64_t offset) const { return data_ + offset; }

 private:
  Number* data_;
};

// `work(0)` to `work(count - 1)`, each in its own thread, the first in this one. Threads live as long as
// the call, which costs some 20 microseconds and leaves nothing that `fork` could break.
template <class Work>
void in_parallel(int64_t count, const Work& work) {
  std::atomic<bool> failed{false};
  const auto guarded = [&](int64_t number) {
    const WithoutDenormals scope;
    try {
      work(number);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(count);
  int64_t started = 1;
  try {
    for (; started < count; ++started) threads.emplace_back(guarded, started);
  } catch (const std::system_error&) {  // no more threads to be had: the rest runs here
  }
  guarded(0);
  for (int64_t number = started; number < count; ++number) guarded(number);
  for (std::thread& thread : threads) thread.join();
  if (failed) throw std::bad_alloc();
}

// ---- Products ----

// The left matrix of a product, `rows` x `depth`. Its element (m, k) is at `data[m * row + k]`, or where
// its columns lie in blocks of `width`, at `data[k / width * block + m * row + k % width]`.
struct Left {
  const float* data;
  int64_t row;
  int64_t width;
  int64_t block;
};

// Sums in registers of M rows of a panel of C: zeros, or what C holds with `kAdd`.
template <bool kAdd, int kSums, int M>
__attribute__((always_inline)) inline void begin(Vec (&sums)[kSums][M][2], const float* c) {
  if (!kAdd) return;
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
    sums[0][m][0] = load(c + m * kPanel);
    sums[0][m][1] = load(c + m * kPanel + kLanes);
  }
}

// Several sums of each together, back to C.
template <int kSums, int M>
__attribute__((always_inline)) inline void finish(Vec (&sums)[kSums][M][2], float* c) {
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 4
    for (int sum = 1; sum < kSums; ++sum) {
      sums[0][m][0] += sums[sum][m][0];
      sums[0][m][1] += sums[sum][m][1];
    }
    store(c + m * kPanel, sums[0][m][0]);
    store(c + m * kPanel + kLanes, sums[0][m][1]);
  }
}

// A processor begins an addition before the last one is done: for few rows there are several sums of each.
constexpr int sums_of(int rows) { return rows == 1 ? 4 : rows <= 3 ? 2 : 1; }

// C (M x kPanel) = (A or, with `kTransposed`, A^T) B, added to what C holds with `kAdd`. B and C are
// panels: their rows are kPanel floats, one behind the other.
template <int M, bool kTransposed, bool kAdd>
void small_product(const Left& a, int64_t from, int64_t to, const float* b, float* c) {
  constexpr int kSums = sums_of(M);
  Vec sums[kSums][M][2]{};
  begin<kAdd>(sums, c);
  while (from < to) {
    const int64_t end = kTransposed ? to : std::min(to, (from / a.width + 1) * a.width);
    const float* left = kTransposed ? a.data + from * a.row
                                    : a.data + from / a.width * a.block + from % a.width;
    const auto add = [&](int sum) __attribute__((always_inline)) {
      const Vec first = load(b), second = load(b + kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) {
        const Vec value = all(left[kTransposed ? m : m * a.row]);
        sums[sum][m][0] += value * first;
        sums[sum][m][1] += value * second;
      }
      b += kPanel;
      left += kTransposed ? a.row : 1;
    };
    for (; from + kSums <= end; from += kSums) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kSums; ++sum) add(sum);
    }
    for (; from < end; ++from) add(0);
  }
  finish(sums, c);
}

template <int M, bool kTransposed, bool kAdd>
void small_product_of(int64_t rows, const Left& a, int64_t from, int64_t to, const float* b, float* c) {
  if constexpr (M > 1) {
    if (rows < M) return small_product_of<M - 1, kTransposed, kAdd>(rows, a, from, to, b, c);
  }
  small_product<M, kTransposed, kAdd>(a, from, to, b, c);
}

// How many panels B and C have, and how far apart they are.
struct Panels {
  int64_t count, right, result;
};

// The same for any number of rows and panels.
template <bool kTransposed, bool kAdd>
void product(int64_t rows, Left a, int64_t depth, const float* b, float* c, Panels panels) {
  const int64_t blocks = (rows + kRows - 1) / kRows;
  const float* const data = a.data;
  for (int64_t panel = 0; panel < panels.count; ++panel, b += panels.right, c += panels.result) {
    for (int64_t from = 0; from < depth || from == 0; from += kDepth) {
      const int64_t to = std::min(depth, from + kDepth);
      for (int64_t block = 0, m = 0; block < blocks; ++block) {
        const int64_t count = (rows - m + blocks - block - 1) / (blocks - block);
        a.data = data + (kTransposed ? m : m * a.row);
        if (kAdd || from) {
          small_product_of<kRows, kTransposed, true>(count, a, from, to, b + from * kPanel, c + m * kPanel);
        } else {
          small_product_of<kRows, kTransposed, false>(count, a, from, to, b, c + m * kPanel);
        }
        m += count;
      }
    }
  }
}

// ---- Products in bfloat16 ----

typedef uint16_t Half;
constexpr int64_t kTile = 32;  // rows and depth of what is multiplied at once: 2 x 2 tiles of AMX
#if defined(__AMX_BF16__) || defined(__AVX512BF16__) || defined(RNNAPPS_TEST_HALVES)
constexpr bool kHalves = kPanel == kTile;
#else
constexpr bool kHalves = false;
#endif

inline float converted(float value, float) { return value; }

// To the nearest, of two the even one; NaN stays NaN.
inline Half converted(float value, Half) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return value != value ? 0x7fc0 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

typedef uint32_t Bits __attribute__((vector_size(kLanes * 4)));
typedef uint32_t UnalignedBits __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

// The same of a vector, in the upper halves of its numbers.
inline Bits rounded(Vec value) {
  const Bits bits = reinterpret_cast<Bits>(value);
  return value != value ? Bits{} + 0x7fc00000u : bits + 0x7fffu + ((bits >> 16) & 1u);
}

inline void store(Half* to, Vec value) {
  typedef Half Halves __attribute__((vector_size(kLanes * 2)));
  const Halves halves = __builtin_convertvector(rounded(value) >> 16, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}

// Of two vectors, each number of the first beside its neighbour in the second.
inline Bits pairs(Vec first, Vec second) {
  return (rounded(first) >> 16) | (rounded(second) & 0xffff0000u);
}

// A left matrix: element (m, k) at `data[k / kTile * block + m * row + k % kTile]`, with columns up to the
// next multiple of kTile.
struct HalfLeft {
  const Half* data;
  int64_t row;
  int64_t block;
};

// What a product of tiles has beside its two tiles of C, 16 rows and a panel of columns: nothing, the two
// below, or those of the next panel.
enum Second { kNothing, kBelow, kNext };

#if defined(__AMX_BF16__)
// What stands before it is in memory: compilers do not know that tiles are loaded from there.
inline void write_all(const void* data) { asm volatile("" : : "r"(data) : "memory"); }

// The tiles of a thread, while it lives.
class Tiles {
 public:
  ~Tiles() {
    _tile_release();
    rows_ = 0;
  }

  // For products of so many rows, up to kTile: C is 0 to 3, A is 4, and of more than 16 rows 5 too; B the
  // others. It takes a while.
  static void hold(int64_t rows) {
    if (rows == rows_) return;
    alignas(64) struct {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {};
    } shape;
    const bool two = rows > 16;
    for (int tile = 0; tile < 8; ++tile) {
      const bool second = tile == 2 || tile == 3 || tile == 5;
      const bool right = tile > 5 || (tile == 5 && !two);
      shape.rows[tile] = right || (two && !second) ? 16 : two ? rows - 16 : rows;
    }
    write_all(&shape);
    _tile_loadconfig(&shape);
    rows_ = rows;
  }

 private:
  static inline thread_local int64_t rows_ = 0;
};

template <bool kAdd, Second kSecond>
void tile_product(int64_t rows, const HalfLeft& a, int64_t tiles, const Half* b, float* c,
                  const Panels& panels) {
  constexpr int64_t kBytes = kTile * sizeof(float);
  float* const second = kSecond == kBelow ? c + 16 * kTile : c + panels.result;
  Tiles::hold(rows);
  write_all(c);
  if (kAdd) {
    _tile_loadd(0, c, kBytes);
    _tile_loadd(1, c + 16, kBytes);
    if (kSecond) _tile_loadd(2, second, kBytes);
    if (kSecond) _tile_loadd(3, second + 16, kBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if (kSecond) _tile_zero(2);
    if (kSecond) _tile_zero(3);
  }
  for (int64_t k = 0; k < tiles; ++k, b += kTile * kTile) {
    const Half* left = a.data + k * a.block;
    _tile_loadd(4, left, a.row * sizeof(Half));
    _tile_loadd(6, b, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + 512, 64);
    _tile_dpbf16ps(1, 4, 7);
    if (kSecond == kBelow) {
      _tile_loadd(5, left + 16 * a.row, a.row * sizeof(Half));
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    } else if (kSecond == kNext) {
      _tile_loadd(5, b + panels.right, 64);
      _tile_dpbf16ps(2, 4, 5);
      _tile_loadd(6, b + panels.right + 512, 64);
      _tile_dpbf16ps(3, 4, 6);
    }
  }
  _tile_stored(0, c, kBytes);
  _tile_stored(1, c + 16, kBytes);
  if (kSecond) _tile_stored(2, second, kBytes);
  if (kSecond) _tile_stored(3, second + 16, kBytes);
}
#elif defined(__AVX512BF16__)
struct Tiles {};

// Rows of one panel of C, in registers.
template <int M, bool kAdd>
void small_tile_product(int64_t rows, HalfLeft a, int64_t tiles, const Half* b, float* c) {
  if constexpr (M > 1) {
    if (rows < M) return small_tile_product<M - 1, kAdd>(rows, a, tiles, b, c);
  }
  constexpr int kSums = sums_of(M);
  const auto bfloat16 = [](__m512i bits) { return reinterpret_cast<__m512bh>(bits); };
  Vec sums[kSums][M][2]{};
  begin<kAdd>(sums, c);
  for (int64_t k = 0; k < tiles; ++k, b += kTile * kTile, a.data += a.block) {
    const Half* right = b;
    for (int64_t pair = 0; pair < kTile; pair += 2 * kSums) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kSums; ++sum, right += kTile) {
        const __m512bh first = bfloat16(_mm512_loadu_si512(right));
        const __m512bh second = bfloat16(_mm512_loadu_si512(right + kTile * kTile / 2));
#pragma GCC unroll 16
        for (int m = 0; m < M; ++m) {
          int32_t neighbours;
          std::memcpy(&neighbours, a.data + m * a.row + pair + 2 * sum, sizeof(neighbours));
          const __m512bh left = bfloat16(_mm512_set1_epi32(neighbours));
          sums[sum][m][0] = _mm512_dpbf16_ps(sums[sum][m][0], left, first);
          sums[sum][m][1] = _mm512_dpbf16_ps(sums[sum][m][1], left, second);
        }
      }
    }
  }
  finish(sums, c);
}

template <bool kAdd, Second kSecond>
void tile_product(int64_t rows, const HalfLeft& a, int64_t tiles, const Half* b, float* c,
                  const Panels& panels) {
  const int64_t blocks = (rows + kRows - 1) / kRows;
  for (int panel = 0; panel < (kSecond == kNext ? 2 : 1); ++panel, b += panels.right, c += panels.result) {
    for (int64_t block = 0, m = 0; block < blocks; ++block) {
      const int64_t count = (rows - m + blocks - block - 1) / (blocks - block);
      const HalfLeft left{a.data + m * a.row, a.row, a.block};
      small_tile_product<kRows, kAdd>(count, left, tiles, b, c + m * kPanel);
      m += count;
    }
  }
}
#else
struct Tiles {};

// The same step by step, for tests on other processors.
template <bool kAdd, Second kSecond>
void tile_product(int64_t rows, const HalfLeft& a, int64_t tiles, const Half* b, float* c,
                  const Panels& panels) {
  const auto value = [](Half half) {
    const uint32_t bits = static_cast<uint32_t>(half) << 16;
    float number;
    std::memcpy(&number, &bits, sizeof(number));
    return number;
  };
  for (int panel = 0; panel < (kSecond == kNext ? 2 : 1); ++panel, b += panels.right, c += panels.result) {
    if (!kAdd) std::fill(c, c + rows * kTile, 0.0f);
    for (int64_t k = 0; k < tiles * kTile; ++k) {
      const Half* right = b + k / kTile * kTile * kTile + k % kTile / 2 * 32 + k % 2;
      for (int64_t m = 0; m < rows; ++m) {
        const float left = value(a.data[k / kTile * a.block + m * a.row + k % kTile]);
        for (int64_t j = 0; j < kTile; ++j) c[m * kTile + j] += left * value(right[j / 16 * 512 + j % 16 * 2]);
      }
    }
  }
}
#endif

// As the product of floats; the right matrix lies as `place` says.
template <bool, bool kAdd>
void product(int64_t rows, HalfLeft a, int64_t depth, const Half* b, float* c, Panels panels) {
  const int64_t tiles = (depth + kTile - 1) / kTile;
  for (int64_t m = 0; m < rows; m += kTile, a.data += kTile * a.row, c += kTile * kPanel) {
    const int64_t count = std::min(kTile, rows - m);
    for (int64_t panel = 0; panel < panels.count; ++panel) {
      const Half* right = b + panel * panels.right;
      float* sums = c + panel * panels.result;
      if (count > 16) {
        tile_product<kAdd, kBelow>(count, a, tiles, right, sums, panels);
      } else if (panel + 1 < panels.count) {
        tile_product<kAdd, kNext>(count, a, tiles, right, sums, panels);
        ++panel;
      } else {
        tile_product<kAdd, kNothing>(count, a, tiles, right, sums, panels);
      }
    }
  }
}

// Up to where a matrix of this depth is filled with zeros.
template <class Number>
int64_t deep(int64_t depth) {
  return std::is_same_v<Number, Half> ? (depth + kTile - 1) / kTile * kTile : depth;
}

// Where element (k, column) of a panel lies. For tiles two neighbours in k are side by side.
template <class Number>
int64_t place(int64_t k, int64_t column) {
  if (!std::is_same_v<Number, Half>) return k * kPanel + column;
  return k / kTile * kTile * kTile + column / 16 * 512 + k % kTile / 2 * 32 + column % 16 * 2 + k % 2;
}

// A row for the left side of a product; `to` has room for its depth.
template <class Number>
void enter_row(const float* from, int64_t size, Number* to) {
  if constexpr (std::is_same_v<Number, Half>) {
    for (int64_t i = 0; i < deep<Half>(size); i += kLanes) store(to + i, load_some(from + i, size - i));
  } else {
    std::copy(from, from + size, to);
  }
}

inline Left left_of(const float* data, int64_t row, int64_t depth) { return {data, row, depth, 0}; }
inline HalfLeft left_of(const Half* data, int64_t row, int64_t) { return {data, row, kTile}; }

// Panels of columns on the left side, their rows side by side.
inline Left panels_of(const float* data, int64_t rows) { return {data, kPanel, kPanel, rows * kPanel}; }
inline HalfLeft panels_of(const Half* data, int64_t rows) { return {data, kTile, rows * kTile}; }

// Of the same numbers in both precisions, those for products of one.
template <class Number>
const Number* chosen(const float* single, const Half* half) {
  if constexpr (std::is_same_v<Number, Half>) {
    return half;
  } else {
    return single;
  }
}

// ---- The layers' equations ----

struct Lstm {
  static constexpr int kGates = 4, kSaved = 6, kH = 5, kC = 4;
  static constexpr bool kTwoStates = true, kOwnCandidate = false;

  // From the sums of the products, and the states: the new states, and what is saved.
  static void forward(const Options& o, const Vec* x, Vec, Vec, Vec c, Vec* saved) {
    const Vec in = activated(o.gate, x[0]), forget = activated(o.gate, x[1]);
    const Vec candidate = activated(o.activation, x[2]), out = activated(o.gate, x[3]);
    const Vec next = forget * c + in * candidate;
    saved[0] = in, saved[1] = forget, saved[2] = candidate, saved[3] = out;
    saved[kC] = next, saved[kH] = out * activated(o.activation, next);
  }

  // From what is saved, the states before, and the derivatives with respect to the new states: those
  // with respect to the sums, and to the states as far as they do not pass through the product.
  static void backward(const Options& o, const Vec* saved, Vec, Vec c, Vec& dh, Vec& dc, Vec* dx, Vec&) {
    const Vec in = saved[0], forget = saved[1], candidate = saved[2], out = saved[3];
    const Vec y = activated(o.activation, saved[kC]);
    const Vec d = dc + dh * out * slope(o.activation, y);
    dx[0] = d * candidate * slope(o.gate, in);
    dx[1] = d * c * slope(o.gate, forget);
    dx[2] = d * in * slope(o.activation, candidate);
    dx[3] = dh * y * slope(o.gate, out);
    dh = Vec{};
    dc = d * forget;
  }
};

struct Gru {
  static constexpr int kGates = 3, kSaved = 5, kH = 4, kC = 0;
  static constexpr bool kTwoStates = false, kOwnCandidate = true;

  static void forward(const Options& o, const Vec* x, Vec recurrent, Vec h, Vec, Vec* saved) {
    const Vec update = activated(o.gate, x[0]), reset = activated(o.gate, x[1]);
    const Vec candidate = activated(o.activation, x[2] + reset * recurrent);
    saved[0] = update, saved[1] = reset, saved[2] = candidate, saved[3] = recurrent;
    saved[kH] = update * h + (all(1) - update) * candidate;
  }

  // `own` is the derivative with respect to the candidate's recurrent product.
  static void backward(const Options& o, const Vec* saved, Vec h, Vec, Vec& dh, Vec&, Vec* dx, Vec& own) {
    const Vec update = saved[0], reset = saved[1], candidate = saved[2], recurrent = saved[3];
    const Vec d = dh * (all(1) - update) * slope(o.activation, candidate);
    dx[0] = dh * (h - candidate) * slope(o.gate, update);
    dx[1] = d * recurrent * slope(o.gate, reset);
    dx[2] = d;
    own = d * reset;
    dh = dh * update;
  }
};

struct SimpleRnn {
  static constexpr int kGates = 1, kSaved = 1, kH = 0, kC = 0;
  static constexpr bool kTwoStates = false, kOwnCandidate = false;

  static void forward(const Options& o, const Vec* x, Vec, Vec, Vec, Vec* saved) {
    saved[kH] = activated(o.activation, x[0]);
  }

  static void backward(const Options& o, const Vec* saved, Vec, Vec, Vec& dh, Vec&, Vec* dx, Vec&) {
    dx[0] = dh * slope(o.activation, saved[kH]);
    dh = Vec{};
  }
};

// ---- What a call is about ----

int64_t filled_up(int64_t size) { return (size + kPanel - 1) / kPanel * kPanel; }

struct Sizes {
  int64_t batch, time, features, units;
  int64_t groups() const { return filled_up(units) / kPanel; }  // panels of units
  int64_t padded() const { return filled_up(units); }
};

// The real steps of each row, in the order in which they are processed.
class Steps {
 public:
  Steps(const Sizes& sizes, const uint8_t* mask, bool reverse)
      : time_(sizes.time), reverse_(reverse), masked_(mask), lengths_(sizes.batch, sizes.time) {
    if (!mask) return;
    positions_.resize(sizes.batch * sizes.time);
    for (int64_t row = 0; row < sizes.batch; ++row) {
      int32_t* to = positions_.data() + row * time_;
      for (int64_t position = 0; position < time_; ++position) {
        if (mask[row * time_ + time(position)]) *to++ = position;
      }
      lengths_[row] = to - (positions_.data() + row * time_);
    }
  }
  int64_t length(int64_t row) const { return lengths_[row]; }
  // Positions count from the first that is processed. Behind a row's last step comes the end.
  int64_t position(int64_t row, int64_t step) const {
    if (!masked_) return step;
    return step < lengths_[row] ? positions_[row * time_ + step] : time_;
  }
  int64_t time(int64_t position) const { return reverse_ ? time_ - 1 - position : position; }

 private:
  int64_t time_;
  bool reverse_, masked_;
  std::vector<int64_t> lengths_;
  std::vector<int32_t> positions_;
};

// The rows of the batch that one thread takes.
struct Share {
  std::vector<int64_t> rows;    // those with most steps first
  std::vector<int64_t> active;  // how many rows have each step
  int64_t before;               // rows in the shares before it

  int64_t size() const { return rows.size(); }
  int64_t steps() const { return active.size(); }
};

std::vector<Share> shares_of(const Sizes& sizes, const Steps& steps, int64_t threads) {
  std::vector<int64_t> order(sizes.batch);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return steps.length(a) > steps.length(b); });
  std::vector<Share> shares(std::max<int64_t>(1, std::min(threads, sizes.batch)));
  for (int64_t i = 0; i < sizes.batch; ++i) shares[i % shares.size()].rows.push_back(order[i]);
  int64_t before = 0;
  for (Share& share : shares) {
    share.before = before;
    before += share.size();
    const int64_t longest = share.rows.empty() ? 0 : steps.length(share.rows[0]);
    int64_t active = share.size();
    for (int64_t step = 0; step < longest; ++step) {
      while (steps.length(share.rows[active - 1]) <= step) --active;
      share.active.push_back(active);
    }
  }
  return shares;
}

// So many steps together that their rows fill the registers and stay in the cache.
int64_t chunk_of(const Share& share, int64_t rows) {
  return std::max<int64_t>(1, std::min(share.steps(), rows / std::max<int64_t>(1, share.size())));
}

const float* floats(const Buffer& buffer) { return static_cast<const float*>(buffer.data); }
float* writable(const Buffer& buffer) { return static_cast<float*>(buffer.data); }

// Rows of states and inputs are so far apart that they do not contend for the same place in the cache.
int64_t apart(int64_t width) { return filled_up(width) + 16; }

// Weights (depth, G * units) as panels of columns. The gates of the same units are neighbours: panel
// number `group * G + gate`.
template <class Cell, class Number>
void pack(const float* weights, int64_t depth, const Sizes& sizes, int64_t group, Number* panels) {
  const int64_t size = deep<Number>(depth) * kPanel;
  for (int gate = 0; gate < Cell::kGates; ++gate) {
    const int64_t first = group * kPanel, count = std::min(kPanel, sizes.units - first);
    Number* to = panels + (group * Cell::kGates + gate) * size;
    const float* from = weights + gate * sizes.units + first;
    std::fill(to, to + size, Number());
    for (int64_t k = 0; k < depth; ++k, from += Cell::kGates * sizes.units) {
      for (int64_t i = 0; i < count; ++i) to[place<Number>(k, i)] = converted(from[i], Number());
    }
  }
}

// The same weights transposed, with rows in the order of the panels above: panels of kPanel of their
// `depth` rows, here the panel with number `number`.
template <class Cell, class Number>
void pack_transposed(const float* weights, int64_t depth, const Sizes& sizes, int64_t number, Number* panels) {
  const int64_t length = sizes.padded() * Cell::kGates;
  Number* panel = panels + number * length * kPanel;
  std::fill(panel, panel + length * kPanel, Number());
  const int64_t count = std::min(kPanel, depth - number * kPanel);
  for (int64_t i = 0; i < count; ++i) {
    const float* from = weights + (number * kPanel + i) * Cell::kGates * sizes.units;
    for (int gate = 0; gate < Cell::kGates; ++gate) {
      for (int64_t unit = 0; unit < sizes.units; ++unit) {
        const int64_t row = (unit / kPanel * Cell::kGates + gate) * kPanel + unit % kPanel;
        panel[place<Number>(row, i)] = converted(from[gate * sizes.units + unit], Number());
      }
    }
  }
}

// A bias (G * units) with the units of each gate filled up.
template <class Cell>
std::vector<float> filled_bias(const float* bias, const Sizes& sizes) {
  std::vector<float> filled(Cell::kGates * sizes.padded());
  for (int gate = 0; gate < Cell::kGates; ++gate) {
    std::copy(bias + gate * sizes.units, bias + (gate + 1) * sizes.units,
              filled.begin() + gate * sizes.padded());
  }
  return filled;
}

// Where the values saved at a step lie: for each group of units and row of the share, kSaved panels.
template <class Cell>
int64_t saved_at(const Sizes& sizes, const Share& share, int64_t step, int64_t group, int64_t row) {
  const int64_t rows = share.before * sizes.time + step * share.size();
  return (rows * sizes.groups() + group * share.size() + row) * Cell::kSaved * kPanel;
}

// Spreads pieces of work that write to places of their own over threads, if it is worth to wake them.
template <class Work>
void spread(int64_t pieces, int64_t floats, int64_t threads, const Work& work) {
  const int64_t count = floats < 100000 ? 1 : std::max<int64_t>(1, std::min(threads, pieces));
  in_parallel(count, [&](int64_t number) {
    for (int64_t piece = number; piece < pieces; piece += count) work(piece);
  });
}

// ---- The way forth ----

template <class Cell, class Number>
class Forward {
 public:
  Forward(const Options& options, const Sizes& sizes, const Buffer* inputs, const Buffer* outputs)
      : options_(options), sizes_(sizes), x_(floats(inputs[0])),
        steps_(sizes, static_cast<const uint8_t*>(inputs[1].data), options.reverse),
        h_(floats(inputs[6])), c_(floats(inputs[7])),
        bias_(filled_bias<Cell>(floats(inputs[4]), sizes)),
        recurrent_bias_(filled_bias<Cell>(floats(inputs[5]), sizes)),
        weights_(deep<Number>(sizes.features) * Cell::kGates * sizes.padded()),
        recurrent_(deep<Number>(sizes.units) * Cell::kGates * sizes.padded()), all_(writable(outputs[0])),
        last_h_(writable(outputs[1])), last_c_(writable(outputs[2])), saved_(writable(outputs[3])) {
    const float *weights = floats(inputs[2]), *recurrent = floats(inputs[3]);
    const int64_t size = (sizes.features + sizes.units) * Cell::kGates * sizes.padded();
    spread(sizes.groups(), size, options.threads, [&](int64_t group) {
      pack<Cell>(weights, sizes.features, sizes, group, weights_ + 0);
      pack<Cell>(recurrent, sizes.units, sizes, group, recurrent_ + 0);
    });
  }

  void run() {
    const std::vector<Share> shares = shares_of(sizes_, steps_, options_.threads);
    in_parallel(shares.size(), [&](int64_t number) {
      [[maybe_unused]] const std::conditional_t<kHalf, Tiles, std::monostate> scope;
      run(shares[number]);
    });
  }

 private:
  static constexpr bool kHalf = std::is_same_v<Number, Half>;

  void run(const Share& share) {
    const int64_t units = sizes_.units, stride = apart(units), rows = share.size();
    const int64_t chunk = chunk_of(share, 96), capacity = chunk * rows, deep_x = deep<Number>(sizes_.features);
    Array<Number> x(capacity * deep_x);
    Array<> sums(Cell::kGates * sizes_.padded() * capacity);
    Array<> own(Cell::kOwnCandidate ? rows * kPanel : 0), states(2 * rows * stride);
    Array<> c(Cell::kTwoStates ? rows * sizes_.padded() : 0);
    Array<Half> narrow(kHalf ? rows * stride : 0);  // the state before a step
    float *before = states + 0, *after = states + rows * stride;
    for (int64_t m = 0; m < rows; ++m) {
      const int64_t row = share.rows[m];
      const float* h = h_ + row * units;
      std::fill(std::copy(h, h + units, before + m * stride), before + (m + 1) * stride, 0.0f);
      if (Cell::kTwoStates) {
        float* to = std::copy(c_ + row * units, c_ + (row + 1) * units, c + m * sizes_.padded());
        std::fill(to, c + (m + 1) * sizes_.padded(), 0.0f);
      }
      show(row, 0, steps_.position(row, 0), h);
      if (steps_.length(row) == 0) finish(row, h, c + m * sizes_.padded());
    }
    for (int64_t start = 0; start < share.steps(); start += chunk) {
      const int64_t end = std::min(share.steps(), start + chunk);
      int64_t count = 0;
      for (int64_t step = start; step < end; ++step) {
        for (int64_t m = 0; m < share.active[step]; ++m, ++count) {
          const int64_t row = share.rows[m], time = steps_.time(steps_.position(row, step));
          const float* from = x_ + (row * sizes_.time + time) * sizes_.features;
          enter_row(from, sizes_.features, x + count * deep_x);
        }
      }
      product<false, false>(count, left_of(x + 0, deep_x, sizes_.features), sizes_.features, weights_ + 0,
                            sums + 0, {Cell::kGates * sizes_.groups(), deep_x * kPanel, capacity * kPanel});
      count = 0;
      for (int64_t step = start; step < end; ++step) {
        for (int64_t m = 0; kHalf && m < share.active[step]; ++m) {
          enter_row(before + m * stride, units, narrow + m * stride);
        }
        const auto left = left_of(chosen<Number>(before, narrow + 0), stride, units);
        advance(share, step, left, before, after, c, own, sums + count * kPanel, capacity);
        for (int64_t m = 0; m < share.active[step]; ++m) {
          const int64_t row = share.rows[m];
          const float* h = after + m * stride;
          show(row, steps_.position(row, step), steps_.position(row, step + 1), h);
          if (step + 1 == steps_.length(row)) finish(row, h, c + m * sizes_.padded());
        }
        std::swap(before, after);
        count += share.active[step];
      }
    }
  }

  // One time step, from the states `before` and the inputs' products `sums` to the states `after`.
  template <class LeftMatrix>
  void advance(const Share& share, int64_t step, const LeftMatrix& left, const float* before, float* after,
               Array<>& c, Array<>& own, float* sums, int64_t capacity) const {
    const int64_t rows = share.active[step], units = sizes_.units, stride = apart(units);
    for (int64_t group = 0; group < sizes_.groups(); ++group) {
      const Panels panels{Cell::kGates - Cell::kOwnCandidate, deep<Number>(units) * kPanel, capacity * kPanel};
      float* const inputs = sums + group * Cell::kGates * panels.result;
      const Number* right = recurrent_ + group * Cell::kGates * panels.right;
      product<false, true>(rows, left, units, right, inputs, panels);
      if (Cell::kOwnCandidate) {
        product<false, false>(rows, left, units, right + panels.count * panels.right, own + 0, {1, 0, 0});
      }
      for (int64_t half = 0; half < kPanel; half += kLanes) {
        const int64_t unit = group * kPanel + half;
        Vec biases[Cell::kGates], own_bias{};
        for (int gate = 0; gate < Cell::kGates; ++gate) {
          const int64_t at = gate * sizes_.padded() + unit;
          const Vec recurrent = load(recurrent_bias_.data() + at);
          const bool apart = Cell::kOwnCandidate && gate == Cell::kGates - 1;
          biases[gate] = load(bias_.data() + at) + (apart ? Vec{} : recurrent);
          if (apart) own_bias = recurrent;
        }
        for (int64_t m = 0; m < rows; ++m) {
          Vec x[Cell::kGates], saved[Cell::kSaved];
          for (int gate = 0; gate < Cell::kGates; ++gate) {
            x[gate] = load(inputs + gate * panels.result + m * kPanel + half) + biases[gate];
          }
          const Vec recurrent = Cell::kOwnCandidate ? load(own + (m * kPanel + half)) + own_bias : Vec{};
          float* cell = c + (m * sizes_.padded() + unit);
          Cell::forward(options_, x, recurrent, load(before + m * stride + unit),
                        Cell::kTwoStates ? load(cell) : Vec{}, saved);
          store(after + m * stride + unit, saved[Cell::kH]);
          if (Cell::kTwoStates) store(cell, saved[Cell::kC]);
          if (!options_.keep) continue;
          float* to = saved_ + saved_at<Cell>(sizes_, share, step, group, m) + half;
          for (int i = 0; i < Cell::kSaved; ++i) store(to + i * kPanel, saved[i]);
        }
      }
    }
  }

  // The output at the positions from a real step to the next.
  void show(int64_t row, int64_t from, int64_t to, const float* h) const {
    if (!options_.all_steps) return;
    for (int64_t position = from; position < to; ++position) {
      std::copy(h, h + sizes_.units, all_ + (row * sizes_.time + steps_.time(position)) * sizes_.units);
    }
  }

  void finish(int64_t row, const float* h, const float* c) const {
    std::copy(h, h + sizes_.units, last_h_ + row * sizes_.units);
    if (Cell::kTwoStates) std::copy(c, c + sizes_.units, last_c_ + row * sizes_.units);
  }

  const Options options_;
  const Sizes sizes_;
  const float* const x_;
  const Steps steps_;
  const float *const h_, *const c_;
  const std::vector<float> bias_, recurrent_bias_;
  Array<Number> weights_, recurrent_;
  float *const all_, *const last_h_, *const last_c_, *const saved_;
};

// ---- The way back ----

template <class Cell, class Number>
class Backward {
 public:
  Backward(const Options& options, const Sizes& sizes, const Buffer* inputs, const Buffer* outputs)
      : options_(options), sizes_(sizes), x_(floats(inputs[0])),
        steps_(sizes, static_cast<const uint8_t*>(inputs[1].data), options.reverse),
        h_(floats(inputs[6])), c_(floats(inputs[7])), saved_(floats(inputs[8])),
        d_all_(floats(inputs[9])), d_last_h_(floats(inputs[10])), d_last_c_(floats(inputs[11])),
        weights_(filled_up(sizes.features) * Cell::kGates * sizes.padded()),
        recurrent_(sizes.padded() * Cell::kGates * sizes.padded()), outputs_(outputs) {
    const float *weights = floats(inputs[2]), *recurrent = floats(inputs[3]);
    const int64_t panels = filled_up(sizes.features) / kPanel;
    const int64_t size = (sizes.features + sizes.units) * Cell::kGates * sizes.padded();
    spread(panels + sizes.groups(), size, options.threads, [&](int64_t number) {
      if (number < panels) {
        pack_transposed<Cell>(weights, sizes.features, sizes, number, weights_ + 0);
      } else {
        pack_transposed<Cell>(recurrent, sizes.units, sizes, number - panels, recurrent_ + 0);
      }
    });
  }

  void run() {
    const std::vector<Share> shares = shares_of(sizes_, steps_, options_.threads);
    std::vector<std::unique_ptr<Array<>>> sums(shares.size());
    in_parallel(shares.size(), [&](int64_t number) {
      [[maybe_unused]] const std::conditional_t<kHalf, Tiles, std::monostate> scope;
      sums[number] = std::make_unique<Array<>>(sums_size());
      std::fill(*sums[number] + 0, *sums[number] + sums_size(), 0.0f);
      run(shares[number], *sums[number]);
    });
    const int64_t rows = sizes_.features + sizes_.units + 2;
    spread(rows, sums_size(), options_.threads, [&](int64_t row) { add_up(sums, row); });
  }

 private:
  static constexpr bool kHalf = std::is_same_v<Number, Half>;

  // The sums of the gradients of all weights, as panels of so many rows.
  int64_t sums_rows() const { return sizes_.features + sizes_.units + 2; }
  int64_t sums_size() const { return sums_rows() * Cell::kGates * sizes_.padded(); }

  void run(const Share& share, Array<>& sums) {
    const int64_t rows = share.size(), features = sizes_.features, units = sizes_.units;
    const int64_t panels = Cell::kGates * sizes_.groups(), depth = panels * kPanel;
    const int64_t chunk = chunk_of(share, 128), capacity = chunk * rows;
    const int64_t stride = apart(features + units), wide = filled_up(features);
    Array<> dh(rows * sizes_.padded()), dc(Cell::kTwoStates ? rows * sizes_.padded() : 0);
    Array<> deltas(depth * capacity), own(Cell::kOwnCandidate ? depth * capacity : 0);
    Array<> entered(capacity * stride), dx(capacity * wide);
    float* recurrent = Cell::kOwnCandidate ? own + 0 : deltas + 0;
    // The same numbers in half precision, for products from the left.
    const int64_t room = kHalf ? depth * capacity : 0;
    Array<Half> narrow(room), narrow_own(Cell::kOwnCandidate ? room : 0);
    Half* narrow_recurrent = Cell::kOwnCandidate ? narrow_own + 0 : narrow + 0;
    begin(share, dh, dc);
    for (int64_t end = share.steps(); end > 0; end -= std::min(end, chunk)) {
      const int64_t start = std::max<int64_t>(0, end - chunk);
      int64_t count = 0;
      for (int64_t step = end - 1; step >= start; --step) {
        const int64_t active = share.active[step];
        retreat(share, step, dh, dc, deltas + count * kPanel, recurrent + count * kPanel, capacity, sums);
        if (kHalf) {
          narrowed(deltas + count * kPanel, active, capacity, narrow + count * kPanel);
          if (Cell::kOwnCandidate) {
            narrowed(own + count * kPanel, active, capacity, narrow_own + count * kPanel);
          }
        }
        const auto left = panels_of(chosen<Number>(recurrent, narrow_recurrent) + count * kPanel, capacity);
        product<false, true>(active, left, depth, recurrent_ + 0, dh + 0,
                             {sizes_.groups(), depth * kPanel, rows * kPanel});
        for (int64_t m = 0; m < active; ++m) enter(share, step, m, entered + (count + m) * stride);
        count += active;
      }
      const auto left = panels_of(chosen<Number>(deltas + 0, narrow + 0), capacity);
      product<false, false>(count, left, depth, weights_ + 0, dx + 0,
                            {wide / kPanel, depth * kPanel, capacity * kPanel});
      if (!Cell::kOwnCandidate) {
        add_products(features + units, entered + 0, stride, count, deltas + 0, capacity, sums + 0);
      } else {
        add_products(features, entered + 0, stride, count, deltas + 0, capacity, sums + 0);
        add_products(units, entered + features, stride, count, recurrent, capacity, sums + features * kPanel);
      }
      count = 0;
      for (int64_t step = end - 1; step >= start; --step) {
        for (int64_t m = 0; m < share.active[step]; ++m, ++count) {
          const int64_t row = share.rows[m];
          float* to = dx_at(row, steps_.time(steps_.position(row, step)));
          for (int64_t first = 0; first < features; first += kPanel) {
            const float* from = dx + (first * capacity + count * kPanel);
            std::copy(from, from + std::min(kPanel, features - first), to + first);
          }
        }
      }
    }
    finish(share, dh, dc);
  }

  // So many rows of all panels in half precision.
  void narrowed(const float* from, int64_t rows, int64_t capacity, Half* to) const {
    for (int64_t panel = 0; panel < Cell::kGates * sizes_.groups(); ++panel) {
      const int64_t first = panel * capacity * kPanel;
      for (int64_t i = first; i < first + rows * kPanel; i += kLanes) store(to + i, load(from + i));
    }
  }

  // Adds the products of what entered, transposed, and the derivatives to the sums of the gradients.
  void add_products(int64_t rows, const float* entered, int64_t stride, int64_t count, const float* deltas,
                    int64_t capacity, float* sums) const {
    const Panels panels{Cell::kGates * sizes_.groups(), capacity * kPanel, sums_rows() * kPanel};
    if constexpr (!kHalf) {
      product<true, true>(rows, left_of(entered, stride, count), count, deltas, sums, panels);
    } else {
      const int64_t depth = deep<Half>(count);
      Array<uint32_t> left((rows + kLanes) * depth / 2), right(depth * kPanel / 2);
      in_pairs(entered, rows, stride, count, [&](int64_t k, int64_t m, Bits pair) {
        for (int64_t i = 0; i < kLanes; ++i) *(left + (((m + i) * depth + k) / 2)) = pair[i];
      });
      for (int64_t panel = 0; panel < panels.count; ++panel, deltas += panels.right, sums += panels.result) {
        in_pairs(deltas, kPanel, kPanel, count, [&](int64_t k, int64_t i, Bits pair) {
          *reinterpret_cast<UnalignedBits*>(right + place<Half>(k, i) / 2) = pair;
        });
        product<false, true>(rows, left_of(reinterpret_cast<Half*>(left + 0), depth, count), count,
                             reinterpret_cast<Half*>(right + 0), sums, {1, 0, 0});
      }
    }
  }

  // Calls `work(k, m, pair)` for each two rows k of `count` of them, in vectors of their columns m; behind
  // the last row come zeros, up to a full tile.
  template <class Work>
  static void in_pairs(const float* from, int64_t columns, int64_t stride, int64_t count, const Work& work) {
    for (int64_t k = 0; k < deep<Half>(count); k += 2, from += 2 * stride) {
      for (int64_t m = 0; m < columns; m += kLanes) {
        work(k, m, pairs(k < count ? load(from + m) : Vec{}, k + 1 < count ? load(from + stride + m) : Vec{}));
      }
    }
  }

  float* dx_at(int64_t row, int64_t time) const {
    return writable(outputs_[0]) + (row * sizes_.time + time) * sizes_.features;
  }

  // The derivatives with respect to the last states; zeros for the inputs at masked steps.
  void begin(const Share& share, Array<>& dh, Array<>& dc) const {
    for (int64_t m = 0; m < share.size(); ++m) {
      const int64_t row = share.rows[m];
      for (int64_t unit = 0; unit < sizes_.padded(); unit += kLanes) {
        const int64_t from = row * sizes_.units + unit, left = sizes_.units - unit;
        store(dh + (unit / kPanel * share.size() + m) * kPanel + unit % kPanel,
              load_some(d_last_h_ + from, left));
        if (Cell::kTwoStates) store(dc + m * sizes_.padded() + unit, load_some(d_last_c_ + from, left));
      }
      for (int64_t step = 0, position = 0; position < sizes_.time; ++step, ++position) {
        for (; position < steps_.position(row, step); ++position) {
          float* dx = dx_at(row, steps_.time(position));
          std::fill(dx, dx + sizes_.features, 0.0f);
        }
      }
    }
  }

  // The derivative with respect to an output, at the positions from a real step to the next.
  Vec upstream(int64_t row, int64_t from, int64_t to, int64_t unit) const {
    Vec sum{};
    if (!options_.all_steps) return sum;
    for (int64_t position = from; position < to; ++position) {
      const int64_t at = row * sizes_.time + steps_.time(position);
      sum += load_some(d_all_ + at * sizes_.units + unit, sizes_.units - unit);
    }
    return sum;
  }

  // One time step: the derivatives with respect to its sums.
  void retreat(const Share& share, int64_t step, Array<>& dh, Array<>& dc, float* deltas, float* recurrent,
               int64_t capacity, Array<>& sums) const {
    for (int64_t unit = 0; unit < sizes_.padded(); unit += kLanes) {
      const int64_t group = unit / kPanel, half = unit % kPanel;
      Vec bias[Cell::kGates]{}, recurrent_bias[Cell::kGates]{};
      for (int64_t m = 0; m < share.active[step]; ++m) {
        const int64_t row = share.rows[m];
        const float* from = saved_ + saved_at<Cell>(sizes_, share, step, group, m) + half;
        Vec saved[Cell::kSaved], h, c{}, dx[Cell::kGates], own{}, unused{};
        for (int i = 0; i < Cell::kSaved; ++i) saved[i] = load(from + i * kPanel);
        if (step) {
          const float* before = saved_ + saved_at<Cell>(sizes_, share, step - 1, group, m) + half;
          h = load(before + Cell::kH * kPanel);
          if (Cell::kTwoStates) c = load(before + Cell::kC * kPanel);
        } else {
          h = load_some(h_ + row * sizes_.units + unit, sizes_.units - unit);
          if (Cell::kTwoStates) c = load_some(c_ + row * sizes_.units + unit, sizes_.units - unit);
        }
        float* to_h = dh + (group * share.size() + m) * kPanel + half;
        float* to_c = dc + m * sizes_.padded() + unit;
        Vec d = load(to_h) +
                upstream(row, steps_.position(row, step), steps_.position(row, step + 1), unit);
        Vec d_cell = Cell::kTwoStates ? load(to_c) : unused;
        Cell::backward(options_, saved, h, c, d, d_cell, dx, own);
        store(to_h, d);
        if (Cell::kTwoStates) store(to_c, d_cell);
        for (int gate = 0; gate < Cell::kGates; ++gate) {
          const int64_t at = ((group * Cell::kGates + gate) * capacity + m) * kPanel + half;
          store(deltas + at, dx[gate]);
          bias[gate] += dx[gate];
          if (!Cell::kOwnCandidate) continue;
          const Vec value = gate == Cell::kGates - 1 ? own : dx[gate];
          store(recurrent + at, value);
          recurrent_bias[gate] += value;
        }
      }
      for (int gate = 0; gate < Cell::kGates; ++gate) {
        float* to = sums + ((group * Cell::kGates + gate + 1) * sums_rows() - 2) * kPanel + half;
        store(to, load(to) + bias[gate]);
        store(to + kPanel, load(to + kPanel) + (Cell::kOwnCandidate ? recurrent_bias : bias)[gate]);
      }
    }
  }

  // What entered the products of a step: the input and the state before it.
  void enter(const Share& share, int64_t step, int64_t m, float* to) const {
    const int64_t row = share.rows[m], time = steps_.time(steps_.position(row, step));
    const float* x = x_ + (row * sizes_.time + time) * sizes_.features;
    to = std::copy(x, x + sizes_.features, to);
    if (!step) {
      std::copy(h_ + row * sizes_.units, h_ + (row + 1) * sizes_.units, to);
      return;
    }
    for (int64_t unit = 0; unit < sizes_.units; unit += kPanel) {
      const float* h = saved_ + saved_at<Cell>(sizes_, share, step - 1, unit / kPanel, m) + Cell::kH * kPanel;
      std::copy(h, h + std::min(kPanel, sizes_.units - unit), to + unit);
    }
  }

  // The derivatives with respect to the first states.
  void finish(const Share& share, const Array<>& dh, const Array<>& dc) const {
    for (int64_t m = 0; m < share.size(); ++m) {
      const int64_t row = share.rows[m];
      for (int64_t unit = 0; unit < sizes_.padded(); unit += kLanes) {
        const Vec d = load(dh + (unit / kPanel * share.size() + m) * kPanel + unit % kPanel) +
                      upstream(row, 0, steps_.position(row, 0), unit);
        const int64_t to = row * sizes_.units + unit, left = std::min(kLanes, sizes_.units - unit);
        for (int64_t i = 0; i < left; ++i) writable(outputs_[5])[to + i] = d[i];
        if (!Cell::kTwoStates) continue;
        const float* cell = dc + m * sizes_.padded() + unit;
        for (int64_t i = 0; i < left; ++i) writable(outputs_[6])[to + i] = cell[i];
      }
    }
  }

  // One row of the gradients of the weights: the sum over the shares, with gates as the layer has them.
  void add_up(const std::vector<std::unique_ptr<Array<>>>& sums, int64_t row) const {
    const int64_t features = sizes_.features, units = sizes_.units, width = Cell::kGates * units;
    float* to = row < features           ? writable(outputs_[1]) + row * width
                : row < features + units ? writable(outputs_[2]) + (row - features) * width
                                         : writable(outputs_[row == features + units ? 3 : 4]);
    for (int64_t panel = 0; panel < Cell::kGates * sizes_.groups(); ++panel) {
      const int64_t first = panel / Cell::kGates * kPanel;
      for (int64_t i = 0; i < std::min(kPanel, units - first); ++i) {
        float sum = 0;
        for (const auto& one : sums) sum += (*one + (panel * sums_rows() + row) * kPanel)[i];
        to[panel % Cell::kGates * units + first + i] = sum;
      }
    }
  }

  const Options options_;
  const Sizes sizes_;
  const float* const x_;
  const Steps steps_;
  const float *const h_, *const c_, *const saved_, *const d_all_, *const d_last_h_, *const d_last_c_;
  Array<Number> weights_, recurrent_;
  const Buffer* const outputs_;
};

// ---- Decoders ----

#include "attention.h"

// ---- At the door ----

constexpr int kGatesOf[] = {Lstm::kGates, Gru::kGates, SimpleRnn::kGates};
constexpr int kSavedOf[] = {Lstm::kSaved, Gru::kSaved, SimpleRnn::kSaved};

bool is(const Buffer& buffer, int64_t a, int64_t b = -1, int64_t c = -1) {
  const int64_t dims[] = {a, b, c}, rank = b < 0 ? 1 : c < 0 ? 2 : 3;
  return buffer.rank == rank && std::equal(dims, dims + rank, buffer.dims);
}

Buffer sized(int64_t a, int64_t b = -1, int64_t c = -1) {
  return {nullptr, b < 0 ? 1 : c < 0 ? 2 : 3, {a, b, c}};
}

template <class Cell, class Number = float>
void run(bool gradient, const Options& options, const Sizes& sizes, const Buffer* inputs,
         const Buffer* outputs) {
  if constexpr (kHalves && std::is_same_v<Number, float>) {
    if (options.half) return run<Cell, Half>(gradient, options, sizes, inputs, outputs);
  }
  if (gradient) {
    Backward<Cell, Number>(options, sizes, inputs, outputs).run();
  } else {
    Forward<Cell, Number>(options, sizes, inputs, outputs).run();
  }
}

template <class Cell>
void run_attention(bool gradient, const Options& options, const Buffer* in, const Buffer* out) {
  const AttentionSizes sizes{in[0].dims[0], in[0].dims[1], in[8].dims[1], in[8].dims[2],
                             in[6].dims[1], in[9].dims[2], in[13].dims[1]};
  if (gradient) {
    AttentionBackward<Cell>(options, sizes, in, out).run();
  } else {
    AttentionForward<Cell>(options, sizes, in, out).run();
  }
}

bool attention_sizes(bool gradient, const Options& o, const Buffer* in, Buffer* out) {
  const bool additive = o.attention == 1, lstm = o.kind == 0;
  if (o.attention < 0 || o.attention > 2 || o.kind > 1 || o.activation != kTanh || o.gate != kSigmoid ||
      o.reverse || o.half || in[0].rank != 3 || in[6].rank != 2 || in[8].rank != 3 || in[9].rank != 3 ||
      in[13].rank != 2) {
    return false;
  }
  const int64_t batch = in[0].dims[0], time = in[0].dims[1], units = in[6].dims[1];
  const int64_t source = in[8].dims[1], size = in[8].dims[2], space = in[9].dims[2], vector = in[13].dims[1];
  const int64_t width = kGatesOf[o.kind] * units, own = additive * space, saved = rnnapps_saved(o.kind, units);
  const bool fit = is(in[0], batch, time, width) && is(in[1], batch, source) && is(in[2], vector, width) &&
                   is(in[3], units, width) && is(in[4], width) && is(in[5], width) &&
                   is(in[6], batch, units) && is(in[7], lstm * batch, lstm * units) &&
                   is(in[8], batch, source, size) && is(in[9], batch, source, space) &&
                   is(in[10], additive * units, own) && is(in[11], own) && is(in[12], own) &&
                   is(in[13], units + size, vector) && units > 0 && (additive || space == units);
  if (!fit) return false;
  if (!gradient) {
    const int64_t steps = o.keep ? time : 0;
    const Buffer sizes[] = {sized(batch, time, vector), sized(batch, time, source), sized(batch, steps, units),
                            sized(batch, steps, saved), sized(batch, additive * steps, space),
                            sized(batch, steps, size)};
    std::copy(sizes, sizes + kAttentionOutputs, out);
    return true;
  }
  const Buffer sizes[] = {sized(batch, time, width), sized(batch, lstm ? 0 : time, units), sized(batch, units),
                          sized(lstm * batch, lstm * units), sized(batch, time, size),
                          sized(batch, source, space), sized(batch, additive * time, space),
                          sized(additive * batch, own), sized(batch, time, vector)};
  std::copy(sizes, sizes + kAttentionGradientOutputs, out);
  return is(in[14], batch, time, vector) && is(in[15], batch, time, source) &&
         is(in[16], batch, time, saved) && is(in[17], batch, additive * time, space) &&
         is(in[18], batch, time, vector) && is(in[19], batch, time, source);
}

}  // namespace

bool output_sizes(bool gradient, const Options& o, const Buffer* in, Buffer* out) {
  if (o.attention) return o.kind >= 0 && o.threads >= 1 && attention_sizes(gradient, o, in, out);
  if (o.kind < 0 || o.kind > 2 || o.activation < 0 || o.activation > 3 || o.gate < 0 || o.gate > 3 ||
      o.threads < 1 || in[0].rank != 3 || in[6].rank != 2) {
    return false;
  }
  const int64_t batch = in[0].dims[0], time = in[0].dims[1], features = in[0].dims[2];
  const int64_t units = in[6].dims[1], width = kGatesOf[o.kind] * units, states = o.kind == 0;
  const int64_t steps = o.all_steps ? time : 0, saved = rnnapps_saved(o.kind, units);
  const bool fit = (is(in[1], batch, time) || is(in[1], 0, 0)) && is(in[2], features, width) &&
                   is(in[3], units, width) && is(in[4], width) && is(in[5], width) &&
                   is(in[6], batch, units) && is(in[7], states * batch, states * units) && units > 0 &&
                   time < INT32_MAX;
  if (!fit) return false;
  if (!gradient) {
    const Buffer sizes[] = {sized(batch, steps, units), sized(batch, units),
                            sized(states * batch, states * units),
                            sized(batch, o.keep ? time : 0, saved)};
    std::copy(sizes, sizes + kOutputs, out);
    return true;
  }
  const Buffer sizes[] = {sized(batch, time, features), sized(features, width), sized(units, width),
                          sized(width), sized(width), sized(batch, units),
                          sized(states * batch, states * units)};
  std::copy(sizes, sizes + kGradientOutputs, out);
  return is(in[8], batch, time, saved) && is(in[9], batch, steps, units) && is(in[10], batch, units) &&
         is(in[11], states * batch, states * units);
}

}  // namespace rnnapps

int rnnapps_half() {
#if defined(__AMX_BF16__)
  // Linux keeps no tiles for a process that has not asked for them: ARCH_REQ_XCOMP_PERM, XTILEDATA.
  static const bool granted = syscall(SYS_arch_prctl, 0x1023, 18) == 0;
  return granted;
#elif defined(__AVX512BF16__)
  return 1;
#else
  return 0;
#endif
}

int64_t rnnapps_saved(int64_t kind, int64_t units) {
  return rnnapps::kSavedOf[kind] * rnnapps::filled_up(units);
}

const char* rnnapps_run(int gradient, const int64_t* options, const rnnapps::Buffer* inputs,
                        const rnnapps::Buffer* outputs) {
  using namespace rnnapps;
  static_assert(sizeof(Options) == kOptions * sizeof(int64_t), "options are read as numbers");
  Options chosen;
  std::memcpy(&chosen, options, sizeof(chosen));
  const bool attention = chosen.attention;
  Buffer expected[kMostOutputs];
  if (!output_sizes(gradient, chosen, inputs, expected)) {
    return "rnnapps: the arrays of a recurrence do not fit together";
  }
  for (int i = 0; i < output_count(gradient, attention); ++i) {
    if (outputs[i].rank != expected[i].rank ||
        !std::equal(outputs[i].dims, outputs[i].dims + outputs[i].rank, expected[i].dims)) {
      return "rnnapps: an output of a recurrence has the wrong size";
    }
  }
  Buffer given[kMostInputs];
  std::copy(inputs, inputs + input_count(gradient, attention), given);
  if (given[1].dims[0] * given[1].dims[1] == 0) given[1].data = nullptr;
  const Sizes sizes{given[0].dims[0], given[0].dims[1], given[0].dims[2], given[6].dims[1]};
  try {
    if (attention) {
      (chosen.kind ? run_attention<Gru> : run_attention<Lstm>)(gradient, chosen, given, outputs);
      return nullptr;
    }
    const decltype(&run<Lstm>) kinds[] = {run<Lstm>, run<Gru>, run<SimpleRnn>};
    kinds[chosen.kind](gradient, chosen, sizes, given, outputs);
  } catch (const std::bad_alloc&) {
    return "rnnapps: not enough memory for a recurrence";
  }
  return nullptr;
}
