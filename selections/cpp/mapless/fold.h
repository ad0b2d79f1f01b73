#ifndef MAPLESS_FOLD_H
#define MAPLESS_FOLD_H
// The fold of an event: the same on every machine, so that no event is ever used for training and evaluation alike.
// selections/folds.py is its twin for numpy arrays; tests compare the two.

#include <cstdint>

namespace mapless {

// Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, doi:10.1145/2660193.2660195).
inline std::uint64_t mix_bits(std::uint64_t value)
{
   value += 0x9E3779B97F4A7C15ull;
   value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
   value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
   return value ^ (value >> 31);
}

// Fold number, 0 to k-1, of the event named by its run, luminosity block and event number.
inline int fold(std::uint64_t run, std::uint64_t luminosity_block, std::uint64_t event, std::uint64_t k)
{
   return static_cast<int>(mix_bits(mix_bits(mix_bits(run) ^ luminosity_block) ^ event) % k);
}

} // namespace mapless
#endif
