#ifndef MAPLESS_JETS_H
#define MAPLESS_JETS_H
// Choosing and ordering jets and their constituents in the jagged columns of an event.

#include <ROOT/RVec.hxx>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "mapless/kinematics.h"

namespace mapless {

/// The value with an index, which must be there.
template <typename T>
const T &value_at(const ROOT::RVec<T> &values, long index)
{
   if (index < 0 || static_cast<std::size_t>(index) >= values.size())
      throw std::out_of_range("an event has " + std::to_string(values.size()) + " values of a column, but value " +
                              std::to_string(index + 1) + " is asked for");
   return values[index];
}

/// The values with some indices, all of which must be there.
template <typename T, typename Index>
ROOT::RVec<T> at_indices(const ROOT::RVec<T> &values, const ROOT::RVec<Index> &indices)
{
   ROOT::RVec<T> chosen;
   chosen.reserve(indices.size());
   for (auto index : indices)
      chosen.push_back(value_at(values, static_cast<long>(index)));
   return chosen;
}

/// Which integers have any of the bits.
template <typename T>
ROOT::RVecI has_bit(const ROOT::RVec<T> &values, int bits)
{
   ROOT::RVecI found(values.size());
   std::transform(values.begin(), values.end(), found.begin(), [bits](T value) { return (value & bits) != 0; });
   return found;
}

/// Indices of the jets above `pt_min` (GeV), within |eta| < `eta_max` and with identification, hardest first.
template <typename Id>
ROOT::RVecI passing_jets(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVec<Id> &identified, float pt_min,
                         float eta_max)
{
   if (eta.size() != pt.size() || identified.size() != pt.size())
      throw std::length_error("an event has jets or the like with " + std::to_string(pt.size()) + " pt, " +
                              std::to_string(eta.size()) + " eta and " + std::to_string(identified.size()) +
                              " identifications");
   ROOT::RVecI chosen;
   for (std::size_t i = 0; i < pt.size(); ++i)
      if (pt[i] > pt_min && std::abs(eta[i]) < eta_max && identified[i])
         chosen.push_back(i);
   std::stable_sort(chosen.begin(), chosen.end(), [&pt](int a, int b) { return pt[a] > pt[b]; });
   return chosen;
}

/// The elements with a place in each of some arrays.
template <typename Arrays>
ROOT::RVecF elements(const Arrays &arrays, std::size_t place)
{
   ROOT::RVecF chosen;
   for (const auto &array : arrays)
      chosen.push_back(array[place]);
   return chosen;
}

/// The number of values in each of some lists.
template <typename Lists>
ROOT::RVecI lengths(const Lists &lists)
{
   ROOT::RVecI found;
   for (const auto &list : lists)
      found.push_back(list.size());
   return found;
}

/// The masses of some four-momenta.
template <typename Momenta>
ROOT::RVecF masses(const Momenta &momenta)
{
   ROOT::RVecF found;
   for (const auto &momentum : momenta)
      found.push_back(momentum.M());
   return found;
}

/// The masses of the first of each of some arrays of four-momenta.
template <typename Arrays>
ROOT::RVecF first_masses(const Arrays &arrays)
{
   ROOT::RVecF found;
   for (const auto &momenta : arrays)
      found.push_back(momenta[0].M());
   return found;
}

/// Those of some objects that are `distance` or more from all of some others, in delta R.
inline ROOT::RVecI apart(const ROOT::RVecI &objects, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
                         const ROOT::RVecF &other_eta, const ROOT::RVecF &other_phi, float distance)
{
   ROOT::RVecI kept;
   for (int i : objects) {
      bool near = false;
      for (std::size_t j = 0; j < other_eta.size() && !near; ++j)
         near = delta_r(value_at(eta, i), value_at(phi, i), other_eta[j], value_at(other_phi, j)) < distance;
      if (!near)
         kept.push_back(i);
   }
   return kept;
}

/// Indices of the jets, hardest first.
inline ROOT::RVecI hardest_first(const ROOT::RVecF &pt)
{
   ROOT::RVecI order(pt.size());
   std::iota(order.begin(), order.end(), 0);
   std::stable_sort(order.begin(), order.end(), [&pt](int a, int b) { return pt[a] > pt[b]; });
   return order;
}

/// The numbers of jets once these are in an order; numbers of no jet stay as they are.
inline ROOT::RVecI renumbered(const ROOT::RVecI &jets, const ROOT::RVecI &order)
{
   ROOT::RVecI places(order.size());
   for (std::size_t place = 0; place < order.size(); ++place)
      places[order[place]] = place;
   ROOT::RVecI found = jets;
   for (int &jet : found)
      if (jet >= 0 && static_cast<std::size_t>(jet) < places.size())
         jet = places[jet];
   return found;
}

/// Whether all values are numbers: not NaN and not infinite.
inline bool finite(const ROOT::RVecF &values)
{
   return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

/// The first two of some jets, the heavier one first; empty when there are fewer than two.
inline ROOT::RVecI heavier_first(const ROOT::RVecI &jets, const ROOT::RVecF &mass)
{
   if (jets.size() < 2)
      return {};
   ROOT::RVecI pair{jets[0], jets[1]};
   if (value_at(mass, pair[1]) > value_at(mass, pair[0]))
      std::swap(pair[0], pair[1]);
   return pair;
}

/// The value that belongs to jet number `position` of some jets; `otherwise` (NaN) when there is no such jet.
template <typename T>
float pick(const ROOT::RVec<T> &values, const ROOT::RVecI &jets, std::size_t position,
           float otherwise = std::numeric_limits<float>::quiet_NaN())
{
   return position < jets.size() ? static_cast<float>(value_at(values, jets[position])) : otherwise;
}

/// The number, -1 where there is none, that belongs to jet number `position` of some jets.
template <typename T>
int pick_number(const ROOT::RVec<T> &values, const ROOT::RVecI &jets, std::size_t position)
{
   return position < jets.size() ? static_cast<int>(value_at(values, jets[position])) : -1;
}

/// Invariant mass (GeV) of the first `number` of some jets; 0 when there are fewer.
inline double mass_of_jets(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
                           const ROOT::RVecF &mass, const ROOT::RVecI &jets, std::size_t number)
{
   if (jets.size() < number)
      return 0;
   // the squared masses of all pairs hold that of every jet once for each other jet
   double squared = 0;
   for (std::size_t a = 0; a < number; ++a) {
      const int i = jets[a];
      for (const auto *values : {&pt, &eta, &phi, &mass})
         value_at(*values, i);
      squared -= (number - 2.) * mass[i] * mass[i];
      for (std::size_t b = 0; b < a; ++b) {
         const int j = jets[b];
         squared += std::pow(invariant_mass(pt[i], eta[i], phi[i], mass[i], pt[j], eta[j], phi[j], mass[j]), 2);
      }
   }
   return std::sqrt(std::max(squared, 0.));
}

/// The values of the constituents that belong to jet number `position` of some jets; empty when there is no such jet.
inline ROOT::RVecF constituents_of_jet(const ROOT::RVecF &values, const ROOT::RVecI &constituent_jet,
                                       const ROOT::RVecI &jets, std::size_t position)
{
   ROOT::RVecF chosen;
   if (position >= jets.size())
      return chosen;
   for (std::size_t i = 0; i < values.size(); ++i)
      if (value_at(constituent_jet, i) == jets[position])
         chosen.push_back(values[i]);
   return chosen;
}

/// Indices that put constituents into the order jet by jet, hardest first, at most `most` of each jet.
inline ROOT::RVecI hardest_constituents(const ROOT::RVecI &constituent_jet, const ROOT::RVecF &pt, int most = 100)
{
   if (constituent_jet.size() != pt.size())
      throw std::length_error("an event has " + std::to_string(pt.size()) + " pt of constituents, which belong to " +
                              std::to_string(constituent_jet.size()) + " jets");
   ROOT::RVecI order(pt.size());
   std::iota(order.begin(), order.end(), 0);
   std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return std::make_pair(constituent_jet[a], -pt[a]) < std::make_pair(constituent_jet[b], -pt[b]);
   });
   ROOT::RVecI kept;
   int jet = std::numeric_limits<int>::min(), taken = 0;
   for (int i : order) {
      taken = constituent_jet[i] == jet ? taken + 1 : 1;
      jet = constituent_jet[i];
      if (taken <= most)
         kept.push_back(i);
   }
   return kept;
}

/// How many constituents each of `n_jets` jets has.
inline ROOT::RVecI count_constituents(const ROOT::RVecI &constituent_jet, std::size_t n_jets)
{
   ROOT::RVecI counts(n_jets, 0);
   for (int jet : constituent_jet)
      if (jet >= 0 && static_cast<std::size_t>(jet) < n_jets)
         ++counts[jet];
   return counts;
}

/// The larger of the values of a jet's two subjets (index below 0: no such subjet); -1 without subjets.
template <typename Index>
ROOT::RVecF largest_of_subjets(const ROOT::RVec<Index> &first, const ROOT::RVec<Index> &second,
                               const ROOT::RVecF &values)
{
   const auto exists = [&values](int i) { return i >= 0 && i < static_cast<int>(values.size()); };
   ROOT::RVecF largest(first.size(), -1.f);
   for (std::size_t i = 0; i < first.size(); ++i) {
      const auto other = value_at(second, i);
      if (exists(first[i]))
         largest[i] = values[first[i]];
      if (exists(other))
         largest[i] = exists(first[i]) ? std::max(largest[i], values[other]) : values[other];
   }
   return largest;
}

} // namespace mapless
#endif
