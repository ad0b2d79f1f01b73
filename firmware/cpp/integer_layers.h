// Layers of a quantised network in integer arithmetic: every value is an integer in units of 2^-fraction,
// and what the units are is known where this is called.

#ifndef MAPLESS_INTEGER_LAYERS_H
#define MAPLESS_INTEGER_LAYERS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace mapless {

// Objects (pt, eta, phi) whose pt drops `bits` bits.
template <class Inputs>
Inputs coarser_momenta(Inputs hardware, int bits)
{
    for (std::size_t i = 0; i < hardware.size(); i += 3) hardware[i] >>= bits;
    return hardware;
}

// (x - offset) >> shift; bits shifted out are cut off
template <std::size_t n, class Inputs>
std::array<std::int32_t, n> scale(
    const Inputs &hardware, const std::int64_t (&offset)[n], const int (&shift)[n], int fraction, std::int64_t limit)
{
    std::array<std::int32_t, n> scaled;
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t difference = static_cast<std::int64_t>(hardware[i]) * (std::int64_t{1} << fraction) - offset[i];
        const std::int64_t value = shift[i] < 0 ? difference * (std::int64_t{1} << -shift[i]) : difference >> shift[i];
        if (value < -limit || value >= limit) throw std::overflow_error("a scaled level-1 input overflows");
        scaled[i] = static_cast<std::int32_t>(value);
    }
    return scaled;
}

// Drops `dropped` bits (a negative number appends zeros), ties to even, and stays within [low, high].
template <int dropped, class T, std::size_t n>
std::array<std::int32_t, n> cast(const std::array<T, n> &x, std::int64_t low, std::int64_t high)
{
    std::array<std::int32_t, n> y;
    for (std::size_t i = 0; i < n; ++i) {
        std::int64_t value = x[i];
        if constexpr (dropped > 0)
            value = (value + (std::int64_t{1} << (dropped - 1)) - 1 + ((value >> dropped) & 1)) >> dropped;
        else
            value *= std::int64_t{1} << -dropped;
        y[i] = static_cast<std::int32_t>(value < low ? low : value > high ? high : value);
    }
    return y;
}

template <class T, class In, std::size_t n_in, std::size_t n_out>
std::array<T, n_out> dense(
    const std::array<In, n_in> &x, const std::int32_t (&kernel)[n_in][n_out], const std::int64_t (&bias)[n_out])
{
    std::array<T, n_out> y;
    for (std::size_t o = 0; o < n_out; ++o) y[o] = static_cast<T>(bias[o]);
    for (std::size_t i = 0; i < n_in; ++i)
        for (std::size_t o = 0; o < n_out; ++o) y[o] += static_cast<T>(x[i]) * kernel[i][o];
    return y;
}

// Image of height x width x channels, windows without padding, as Keras orders them.
template <class T, int height, int width, int stride, class In, std::size_t n_in, std::size_t rows, std::size_t columns,
          std::size_t channels, std::size_t filters>
auto convolution(const std::array<In, n_in> &x, const std::int32_t (&kernel)[rows][columns][channels][filters],
                 const std::int64_t (&bias)[filters])
{
    constexpr std::size_t n_down = (height - rows) / stride + 1, n_across = (width - columns) / stride + 1;
    std::array<T, n_down * n_across * filters> y;
    for (std::size_t d = 0; d < n_down; ++d)
        for (std::size_t a = 0; a < n_across; ++a) {
            T *output = &y[(d * n_across + a) * filters];
            for (std::size_t f = 0; f < filters; ++f) output[f] = static_cast<T>(bias[f]);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = 0; c < columns; ++c)
                    for (std::size_t k = 0; k < channels; ++k) {
                        const T value = x[((d * stride + r) * width + a * stride + c) * channels + k];
                        for (std::size_t f = 0; f < filters; ++f) output[f] += value * kernel[r][c][k][f];
                    }
        }
    return y;
}

template <class A, class B, std::size_t n>
std::array<std::int64_t, n> product(const std::array<A, n> &x, const std::array<B, n> &y)
{
    std::array<std::int64_t, n> z;
    for (std::size_t i = 0; i < n; ++i) z[i] = static_cast<std::int64_t>(x[i]) * y[i];
    return z;
}

// Both sides in the same units: x and y times a power of two.
template <class A, class B, std::size_t n>
std::array<std::int64_t, n> difference(
    const std::array<A, n> &x, const std::array<B, n> &y, std::int64_t times_x, std::int64_t times_y)
{
    std::array<std::int64_t, n> z;
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] * times_x - y[i] * times_y;
    return z;
}

template <class A, class B, std::size_t n>
std::array<std::int64_t, 1> dot(const std::array<A, n> &x, const std::array<B, n> &y)
{
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::int64_t>(x[i]) * y[i];
    return {sum};
}

} // namespace mapless

#endif
