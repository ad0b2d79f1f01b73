#ifndef MAPLESS_SMEARING_H
#define MAPLESS_SMEARING_H
// Jets with a worse resolution, the same in every run: chance is a hash of the event.

#include <ROOT/RVec.hxx>

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "mapless/fold.h"
#include "mapless/jets.h"

namespace mapless {

/// Numbers drawn from a standard normal distribution, one for each of `size` jets of the event (Box and Muller).
inline ROOT::RVecF gaussians(std::uint64_t run, std::uint64_t luminosity_block, std::uint64_t event, std::size_t size,
                             std::uint64_t seed)
{
   const auto uniform = [](std::uint64_t bits) { return ((bits >> 11) + 0.5) / 9007199254740992.; }; // 2^53
   auto bits = mix_bits(mix_bits(mix_bits(mix_bits(seed) ^ run) ^ luminosity_block) ^ event);
   ROOT::RVecF drawn(size);
   for (auto &value : drawn) {
      const double radius = std::sqrt(-2 * std::log(uniform(bits)));
      bits = mix_bits(bits);
      value = radius * std::cos(6.283185307179586 * uniform(bits));
      bits = mix_bits(bits);
   }
   return drawn;
}

/// Factors of a relative size by numbers of a standard normal distribution.
inline ROOT::RVecF smeared(const ROOT::RVecF &gaussian, float size)
{
   return ROOT::VecOps::Map(gaussian, [size](float value) { return std::max(1 + size * value, 0.01f); });
}

/// Factors that give jets of simulation the relative resolution `resolution * scale`. A jet with a generated one within
/// three resolutions moves away from it or towards it; others are smeared by chance, which can only be to the worse.
inline ROOT::RVecF smearing(const ROOT::RVecF &pt, const ROOT::RVecF &resolution, const ROOT::RVecF &scale,
                            const ROOT::RVecI &generated, const ROOT::RVecF &generated_pt, const ROOT::RVecF &gaussian)
{
   ROOT::RVecF factors(pt.size());
   for (std::size_t i = 0; i < pt.size(); ++i) {
      const int match = value_at(generated, i);
      const bool known = match >= 0 && static_cast<std::size_t>(match) < generated_pt.size();
      const float difference = known ? pt[i] - generated_pt[match] : 0;
      const float sigma = value_at(resolution, i), s = value_at(scale, i);
      const float factor = known && std::abs(difference) < 3 * sigma * pt[i]
                              ? 1 + (s - 1) * difference / pt[i]
                              : 1 + value_at(gaussian, i) * sigma * std::sqrt(std::max(s * s - 1, 0.f));
      factors[i] = std::max(factor, 0.01f);
   }
   return factors;
}

/// Missing transverse momentum, and its direction, that balances some of the jets when these change by factors.
inline ROOT::RVecF balanced(float pt, float phi, const ROOT::RVecF &jet_pt, const ROOT::RVecF &jet_phi,
                            const ROOT::RVecF &factor, const ROOT::RVecI &jets)
{
   double x = pt * std::cos(phi), y = pt * std::sin(phi);
   for (auto jet : jets) {
      const double more = value_at(jet_pt, jet) * (value_at(factor, jet) - 1.);
      x -= more * std::cos(value_at(jet_phi, jet));
      y -= more * std::sin(value_at(jet_phi, jet));
   }
   return {static_cast<float>(std::hypot(x, y)), static_cast<float>(std::atan2(y, x))};
}

} // namespace mapless
#endif
