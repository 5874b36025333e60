// 3 x 3 convolutions, stride 1, padding 1, by Winograd's F(4 x 4, 3 x 3): a quarter of the multiplications.
// A. Lavin, S. Gray: Fast algorithms for convolutional neural networks, 2016. Tensors lie channels last, float32.
#include <torch/extension.h>

typedef float Lane __attribute__((vector_size(32), aligned(4)));  // eight channels
static const int LANES = 8, BLOCK = 256;  // tiles that are worked on while they are in the cache

static void to_input(const Lane d[6], Lane out[6]) {  // B^T d
  out[0] = 4 * d[0] - 5 * d[2] + d[4];
  Lane a = d[4] - 4 * d[2], b = d[3] - 4 * d[1];
  out[1] = a + b;
  out[2] = a - b;
  Lane c = d[4] - d[2], e = 2 * (d[3] - d[1]);
  out[3] = c + e;
  out[4] = c - e;
  out[5] = 4 * d[1] - 5 * d[3] + d[5];
}

static void from_product(const Lane m[6], Lane out[4]) {  // A^T m
  Lane a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + a + c;
  out[1] = b + 2 * d;
  out[2] = a + 4 * c;
  out[3] = b + 8 * d + m[5];
}

static void to_product(const Lane y[4], Lane out[6]) {  // A y
  Lane a = y[0] + y[2], b = y[1] + y[3], c = y[0] + 4 * y[2], d = 2 * y[1] + 8 * y[3];
  out[0] = y[0];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + d;
  out[4] = c - d;
  out[5] = y[3];
}

struct Tiles {
  int64_t images, rows, columns, down, across;
  Tiles(const at::Tensor& x)
      : images(x.size(0)), rows(x.size(2)), columns(x.size(3)), down((rows + 3) / 4), across((columns + 3) / 4) {}
  int64_t count() const { return images * down * across; }
};

// (36, tiles, channels) from `size` x `size` pixels a tile, beginning `margin` before the tile's own four by four.
template <int SIZE, void (*TRANSFORM)(const Lane*, Lane*)>
static void gather(const float* pixels, const Tiles& t, int64_t channels, int64_t first, int64_t many, float* out) {
  const int margin = (SIZE - 4) / 2;
  for (int64_t i = 0; i < many; i++) {
    int64_t tile = first + i, column = tile % t.across * 4 - margin, row = tile / t.across % t.down * 4 - margin;
    const float* image = pixels + tile / (t.across * t.down) * t.rows * t.columns * channels;
    for (int64_t c = 0; c < channels; c += LANES) {
      Lane half[6][SIZE];
      for (int x = 0; x < SIZE; x++) {
        Lane in[SIZE], made[6];
        for (int y = 0; y < SIZE; y++) {
          int64_t r = row + y, k = column + x;
          bool inside = r >= 0 && r < t.rows && k >= 0 && k < t.columns;
          in[y] = inside ? *(const Lane*)(image + (r * t.columns + k) * channels + c) : Lane{};
        }
        TRANSFORM(in, made);
        for (int y = 0; y < 6; y++) half[y][x] = made[y];
      }
      for (int y = 0; y < 6; y++) {
        Lane made[6];
        TRANSFORM(half[y], made);
        for (int x = 0; x < 6; x++) *(Lane*)(out + ((y * 6 + x) * many + i) * channels + c) = made[x];
      }
    }
  }
}

static void scatter(const float* product, const Tiles& t, int64_t channels, int64_t first, int64_t many, float* pixels) {
  for (int64_t i = 0; i < many; i++) {
    int64_t tile = first + i, column = tile % t.across * 4, row = tile / t.across % t.down * 4;
    float* image = pixels + tile / (t.across * t.down) * t.rows * t.columns * channels;
    for (int64_t c = 0; c < channels; c += LANES) {
      Lane half[4][6];
      for (int x = 0; x < 6; x++) {
        Lane in[6], made[4];
        for (int y = 0; y < 6; y++) in[y] = *(const Lane*)(product + ((y * 6 + x) * many + i) * channels + c);
        from_product(in, made);
        for (int y = 0; y < 4; y++) half[y][x] = made[y];
      }
      for (int y = 0; y < 4 && row + y < t.rows; y++) {
        Lane made[4];
        from_product(half[y], made);
        for (int x = 0; x < 4 && column + x < t.columns; x++)
          *(Lane*)(image + ((row + y) * t.columns + column + x) * channels + c) = made[x];
      }
    }
  }
}

static at::Tensor last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

// x (N, inside, H, W), spread weights (36, inside, outside) to (N, outside, H, W).
at::Tensor convolve(at::Tensor x_in, at::Tensor spread) {
  at::Tensor x = last(x_in);
  int64_t inside = spread.size(1), outside = spread.size(2);
  Tiles t(x);
  at::Tensor y = at::empty({x.size(0), outside, x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
  at::Tensor v = at::empty({36 * BLOCK * inside}, x.options()), m = at::empty({36 * BLOCK * outside}, x.options());
  int64_t parts = (t.count() + BLOCK - 1) / BLOCK, each = (t.count() + parts - 1) / parts;
  for (int64_t first = 0; first < t.count(); first += each) {
    int64_t many = std::min<int64_t>(each, t.count() - first);
    gather<6, to_input>(x.data_ptr<float>(), t, inside, first, many, v.data_ptr<float>());
    at::Tensor part = m.narrow(0, 0, 36 * many * outside).view({36, many, outside});
    at::bmm_out(part, v.narrow(0, 0, 36 * many * inside).view({36, many, inside}), spread);
    scatter(m.data_ptr<float>(), t, outside, first, many, y.data_ptr<float>());
  }
  return y;
}

// The gradient of the spread weights, (36, inside, outside).
at::Tensor weigh(at::Tensor x_in, at::Tensor dy_in) {
  at::Tensor x = last(x_in), dy = last(dy_in);
  int64_t inside = x.size(1), outside = dy.size(1);
  Tiles t(x);
  at::Tensor sum = at::zeros({36, inside, outside}, x.options());
  at::Tensor v = at::empty({36 * BLOCK * inside}, x.options()), m = at::empty({36 * BLOCK * outside}, x.options());
  int64_t parts = (t.count() + BLOCK - 1) / BLOCK, each = (t.count() + parts - 1) / parts;
  for (int64_t first = 0; first < t.count(); first += each) {
    int64_t many = std::min<int64_t>(each, t.count() - first);
    gather<6, to_input>(x.data_ptr<float>(), t, inside, first, many, v.data_ptr<float>());
    gather<4, to_product>(dy.data_ptr<float>(), t, outside, first, many, m.data_ptr<float>());
    sum.baddbmm_(v.narrow(0, 0, 36 * many * inside).view({36, many, inside}).transpose(1, 2),
                 m.narrow(0, 0, 36 * many * outside).view({36, many, outside}));
  }
  return sum;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("convolve", &convolve);
  module.def("weigh", &weigh);
}
