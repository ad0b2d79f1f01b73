#ifndef MAPLESS_EVENT_CLASSES_H
#define MAPLESS_EVENT_CLASSES_H
// Classes of events by how many electrons, muons, photons, b jets and jets they have, and whether momentum is missing;
// and histograms of all classes together, filled in one event loop.

#include <ROOT/RDataFrame.hxx>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mapless/fold.h"
#include "mapless/lists.h"

namespace mapless {

/// Objects of one kind, hardest first: momenta in GeV.
struct ClassObjects {
   ROOT::RVecF pt, eta, phi, mass;
};

/// An event in one of its classes: the key of the class, and sum of transverse momenta, (transverse) mass and missing
/// momentum of the objects that the class names, in GeV; -1 for what the class does not have.
struct ClassEntry {
   std::uint64_t key;
   std::array<float, 3> values;
};

/// What a key says: 4 bits for the number of each kind, then one for missing momentum and two for the kind of class,
/// 0 exclusive, 1 inclusive, 2 with any number of further jets.
constexpr std::size_t class_kinds = 5, bits_of_kind = 4;

/// All classes of an event. `objects` are electrons, muons, photons, b jets and jets, of which not more than `most` count;
/// a class names at least one electron or muon. Missing momentum below `missing_min` is none. The exclusive class names
/// all objects, inclusive ones any of them, those with further jets all but some jets.
ROOT::RVec<ClassEntry> event_classes(const std::array<ClassObjects, class_kinds> &objects, std::size_t most, float missing_pt,
                                     float missing_phi, float missing_min);

/// How often an event is drawn, from its name and a seed alone. The simulated events are drawn first, each once on
/// average, so that mock data differ from their simulation as another simulation of as many events would; then their
/// counts, with `mean` times that number as mean.
double times_drawn(std::uint64_t run, std::uint64_t luminosity_block, std::uint64_t event, std::uint64_t seed, double mean);

/// Histograms of classes: keys, and for each of them entries, then three times sums of weights in bins, then three times
/// sums of squared weights in bins.
struct ClassHistograms {
   ROOT::RDF::RResultPtr<std::map<std::uint64_t, std::vector<double>>> filled;

   std::vector<std::uint64_t> keys();
   std::vector<double> contents();
};

/// Histograms of a column of ClassEntry with weights, from the next event loop; what is beyond the `edges` is in the
/// first or last bin.
ClassHistograms class_histograms(Node node, const std::string &entries, const std::string &weight,
                                 const std::vector<double> &edges);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <algorithm>
#include <cmath>
#include <random>

namespace mapless {
namespace {

using Counts = std::array<std::size_t, class_kinds>;

std::uint64_t class_key(const Counts &counts, bool missing, std::uint64_t kind)
{
   std::uint64_t key = kind << (class_kinds * bits_of_kind + 1) | std::uint64_t(missing) << (class_kinds * bits_of_kind);
   for (std::size_t i = 0; i < class_kinds; ++i)
      key |= std::uint64_t(counts[i]) << (i * bits_of_kind);
   return key;
}

/// The sums of the hardest objects of each kind, so many of each, and of the missing momentum where it counts.
std::array<float, 3> class_values(const std::array<ClassObjects, class_kinds> &objects, const Counts &counts, bool missing,
                                  double missing_pt, double missing_phi)
{
   double sum = 0, px = 0, py = 0, pz = 0, energy = 0, transverse = 0;
   std::size_t n_objects = 0;
   for (std::size_t kind = 0; kind < class_kinds; ++kind) {
      const auto &some = objects[kind];
      for (std::size_t i = 0; i < counts[kind]; ++i, ++n_objects) {
         const double pt = some.pt[i], mass = some.mass.empty() ? 0. : some.mass[i];
         const double along = pt * std::sinh(double(some.eta[i]));
         sum += pt;
         px += pt * std::cos(double(some.phi[i]));
         py += pt * std::sin(double(some.phi[i]));
         pz += along;
         energy += std::sqrt(pt * pt + along * along + mass * mass);
         transverse += std::hypot(pt, mass);
      }
   }
   if (missing) {
      px += missing_pt * std::cos(missing_phi);
      py += missing_pt * std::sin(missing_phi);
      const double squared = std::pow(transverse + missing_pt, 2) - px * px - py * py;
      return {float(sum + missing_pt), float(std::sqrt(std::max(squared, 0.))), float(missing_pt)};
   }
   const double squared = energy * energy - px * px - py * py - pz * pz;
   return {float(sum), n_objects > 1 ? float(std::sqrt(std::max(squared, 0.))) : -1.f, -1.f};
}

using Filled = std::map<std::uint64_t, std::vector<double>>;

struct WeightedEntries {
   ROOT::RVec<ClassEntry> entries;
   double weight;
};

} // namespace

ROOT::RVec<ClassEntry> event_classes(const std::array<ClassObjects, class_kinds> &objects, std::size_t most, float missing_pt,
                                     float missing_phi, float missing_min)
{
   Counts all;
   for (std::size_t kind = 0; kind < class_kinds; ++kind)
      all[kind] = std::min({objects[kind].pt.size(), most, (std::size_t(1) << bits_of_kind) - 1});
   const bool missing = missing_pt > missing_min;
   ROOT::RVec<ClassEntry> found;
   const auto add = [&](const Counts &counts, bool with, std::uint64_t kind) {
      found.push_back({class_key(counts, with, kind), class_values(objects, counts, with, missing_pt, missing_phi)});
   };
   if (all[0] + all[1] == 0)
      return found;
   add(all, missing, 0);
   for (auto counts = all;; --counts[4]) {
      add(counts, missing, 2);
      if (counts[4] == 0)
         break;
   }
   Counts counts;
   for (counts[0] = 0; counts[0] <= all[0]; ++counts[0])
      for (counts[1] = 0; counts[1] <= all[1]; ++counts[1])
         for (counts[2] = 0; counts[2] <= all[2]; ++counts[2])
            for (counts[3] = 0; counts[3] <= all[3]; ++counts[3])
               for (counts[4] = 0; counts[4] <= all[4]; ++counts[4])
                  for (int with = 0; counts[0] + counts[1] > 0 && with <= int(missing); ++with)
                     add(counts, with, 1);
   return found;
}

double times_drawn(std::uint64_t run, std::uint64_t luminosity_block, std::uint64_t event, std::uint64_t seed, double mean)
{
   std::mt19937_64 generator(mix_bits(mix_bits(mix_bits(mix_bits(seed) ^ run) ^ luminosity_block) ^ event));
   const double expected = mean * std::poisson_distribution<long>(1.)(generator);
   return expected > 0 ? double(std::poisson_distribution<long>(expected)(generator)) : 0.;
}

std::vector<std::uint64_t> ClassHistograms::keys()
{
   std::vector<std::uint64_t> found;
   for (const auto &one : *filled)
      found.push_back(one.first);
   return found;
}

std::vector<double> ClassHistograms::contents()
{
   std::vector<double> all;
   for (const auto &one : *filled)
      all.insert(all.end(), one.second.begin(), one.second.end());
   return all;
}

ClassHistograms class_histograms(Node node, const std::string &entries, const std::string &weight,
                                 const std::vector<double> &edges)
{
   const std::size_t n_bins = edges.size() - 1;
   const auto fill = [edges, n_bins](Filled &filled, const WeightedEntries &event) {
      if (event.weight == 0)
         return;
      for (const auto &entry : event.entries) {
         auto &sums = filled[entry.key];
         sums.resize(1 + 6 * n_bins);
         sums[0] += 1;
         for (std::size_t which = 0; which < entry.values.size(); ++which) {
            if (entry.values[which] < 0)
               continue;
            const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, double(entry.values[which]));
            const std::size_t bin = above - edges.begin() - 1;
            sums[1 + which * n_bins + bin] += event.weight;
            sums[1 + (3 + which) * n_bins + bin] += event.weight * event.weight;
         }
      }
   };
   const auto merge = [](std::vector<Filled> &all) {
      for (std::size_t i = 1; i < all.size(); ++i)
         for (const auto &one : all[i]) {
            auto &sums = all[0][one.first];
            sums.resize(one.second.size());
            for (std::size_t j = 0; j < sums.size(); ++j)
               sums[j] += one.second[j];
         }
   };
   const auto both = [](const ROOT::RVec<ClassEntry> &some, double w) { return WeightedEntries{some, w}; };
   const auto column = "mapless_" + entries + "_by_" + weight;
   return {node.Define(column, both, {entries, weight}).Aggregate(fill, merge, column, Filled{})};
}

} // namespace mapless
#endif
#endif
