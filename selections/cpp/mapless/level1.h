#ifndef MAPLESS_LEVEL1_H
#define MAPLESS_LEVEL1_H
// The level-1 calorimeter trigger of CMS in short: trigger towers -> regions, jets, e/gamma, missing transverse
// energy, after arXiv:2006.10165.
//
//   root [0] #include "mapless/level1.h"
//   root [1] mapless::level1::objects_of_towers(em, had)   // RVecs of 56 x 72 towers, eta first, in 0.5 GeV

#include "mapless/level1_objects.h"
#include "mapless/level1_response.h"

#include <cstdint>
#include <cstring>
#include <vector>

namespace mapless::level1 {

constexpr int n_eta = 56, n_phi = 72, n_towers = n_eta * n_phi;
constexpr int region_side = 4, region_eta = n_eta / region_side, region_phi = n_phi / region_side;
constexpr int n_regions = region_eta * region_phi, max_region = 1023;
constexpr int max_deposit = 255;         // of a tower in either calorimeter, 0.5 GeV
constexpr int jet_half = 4;              // windows of 9 x 9 towers
constexpr int strip = 3;                 // width of the four strips around a window
constexpr int margin = jet_half + strip; // of zeros in eta, of repeated towers in phi, around an image
constexpr int jet_seed = 8;              // 4 GeV
constexpr int egamma_seed = 4;           // 2 GeV
constexpr int egamma_neighbour = 2;      // 1 GeV: neighbours of a seed below it are taken for pile-up

/// Upper edges in pseudorapidity of the towers of one half of the detector.
constexpr double tower_edges[n_eta / 2] = {0.087, 0.174, 0.261, 0.348, 0.435, 0.522, 0.609, 0.696, 0.783, 0.870,
                                           0.957, 1.044, 1.131, 1.218, 1.305, 1.392, 1.479, 1.566, 1.653, 1.740,
                                           1.830, 1.930, 2.043, 2.172, 2.322, 2.500, 2.650, 3.000};

/// Towers of one event with a margin, so that windows need no look at the edges of the detector.
class Image {
   static constexpr int width = n_phi + 2 * margin;
   std::uint16_t values[(n_eta + 2 * margin) * width] = {};

public:
   const std::uint16_t *at(int eta, int phi) const { return values + (eta + margin) * width + phi + margin; }
   int operator()(int eta, int phi) const { return *at(eta, phi); }
   void set(int eta, int phi, int value)
   {
      auto *row = values + (eta + margin) * width + margin;
      row[phi] = value;
      if (phi < margin)
         row[phi + n_phi] = value;
      if (phi >= n_phi - margin)
         row[phi - n_phi] = value;
   }
   /// Sum over the towers [eta1, eta2] x [phi1, phi2].
   int sum(int eta1, int eta2, int phi1, int phi2) const
   {
      int total = 0;
      for (int eta = eta1; eta <= eta2; ++eta) {
         const auto *row = at(eta, 0);
         for (int phi = phi1; phi <= phi2; ++phi)
            total += row[phi];
      }
      return total;
   }
   /// Whether no tower within `half` is larger; of equal ones, the first in a diagonal order wins.
   bool is_largest(int eta, int phi, int half) const
   {
      const int seed = (*this)(eta, phi);
      for (int d = -half; d <= half; ++d)
         for (int f = -half; f <= half; ++f) {
            const int other = (*this)(eta + d, phi + f);
            if (other > seed || (other == seed && (d + f < 0 || (d + f == 0 && d < 0))))
               return false;
         }
      return true;
   }
};

/// Electromagnetic, hadronic and total transverse energy of the towers of an event.
struct Towers {
   Image em, had, total;

   void set(int eta, int phi, int em_deposit, int had_deposit)
   {
      em.set(eta, phi, std::min(em_deposit, max_deposit));
      had.set(eta, phi, std::min(had_deposit, max_deposit));
      total.set(eta, phi, em(eta, phi) + had(eta, phi));
   }
};

struct Candidate {
   int pt, eta, phi; // hardware integers
};

/// Number of a tower in its half of the detector, from the centre.
inline int ring_of(int eta)
{
   return eta < n_eta / 2 ? n_eta / 2 - 1 - eta : eta - n_eta / 2;
}

/// Width of a tower in pseudorapidity over that of a central one.
inline double tower_area(int eta)
{
   const int i = ring_of(eta);
   return (tower_edges[i] - (i ? tower_edges[i - 1] : 0)) / tower_edges[0];
}

/// Centre of a tower in units of 0.087 / 2.
inline int hardware_eta(int eta)
{
   const int i = ring_of(eta);
   const double centre = ((i ? tower_edges[i - 1] : 0) + tower_edges[i]) / 2;
   const int code = std::lround(centre / jet.eta_step);
   return eta < n_eta / 2 ? -code : code;
}

/// Centre of a tower in units of 2 pi / 144.
inline int hardware_phi(int phi)
{
   return 2 * phi + 1;
}

inline void sort_hardest_first(std::vector<Candidate> &candidates)
{
   std::stable_sort(candidates.begin(), candidates.end(),
                    [](const Candidate &a, const Candidate &b) { return a.pt > b.pt; });
}

/// Pile-up under a window: the three lowest of the four strips of 3 x 9 towers around it have its area.
inline int pileup_under(const Image &towers, int eta, int phi)
{
   const int inner = jet_half + 1, outer = jet_half + strip;
   const int strips[] = {towers.sum(eta - outer, eta - inner, phi - jet_half, phi + jet_half),
                         towers.sum(eta + inner, eta + outer, phi - jet_half, phi + jet_half),
                         towers.sum(eta - jet_half, eta + jet_half, phi - outer, phi - inner),
                         towers.sum(eta - jet_half, eta + jet_half, phi + inner, phi + outer)};
   return strips[0] + strips[1] + strips[2] + strips[3] - *std::max_element(strips, strips + 4);
}

/// Calibrated momentum of a jet, both in 0.5 GeV.
inline int calibrated(int pt)
{
   return std::min<long>(std::lround(calibrated_jet(pt * pt_step) / pt_step), jet.max_pt);
}

/// Jets, hardest first: 9 x 9 towers around a largest tower of at least 4 GeV, less the pile-up, calibrated.
inline std::vector<Candidate> find_jets(const Image &towers)
{
   std::vector<Candidate> jets;
   for (int eta = 0; eta < n_eta; ++eta)
      for (int phi = 0; phi < n_phi; ++phi) {
         if (towers(eta, phi) < jet_seed || !towers.is_largest(eta, phi, jet_half))
            continue;
         const int raw = towers.sum(eta - jet_half, eta + jet_half, phi - jet_half, phi + jet_half);
         const int pt = raw - pileup_under(towers, eta, phi);
         if (pt > 0)
            jets.push_back({calibrated(pt), hardware_eta(eta), hardware_phi(phi)});
      }
   sort_hardest_first(jets);
   return jets;
}

/// Electrons and photons, hardest first: a largest electromagnetic tower of at least 2 GeV with less than 15 % of
/// its energy behind it, and its neighbours of at least 1 GeV.
inline std::vector<Candidate> find_egammas(const Towers &towers)
{
   std::vector<Candidate> found;
   for (int eta = 0; eta < n_eta; ++eta)
      for (int phi = 0; phi < n_phi; ++phi) {
         const int seed = towers.em(eta, phi);
         if (seed < egamma_seed || 20 * towers.had(eta, phi) >= 3 * seed || !towers.em.is_largest(eta, phi, 1))
            continue;
         int pt = 0;
         for (int i = 0; i < 9; ++i) {
            const int tower = towers.em(eta + i / 3 - 1, phi + i % 3 - 1);
            pt += tower >= egamma_neighbour ? tower : 0;
         }
         found.push_back({std::min(pt, egamma.max_pt), hardware_eta(eta), hardware_phi(phi)});
      }
   sort_hardest_first(found);
   return found;
}

/// Missing transverse energy: minus the vector sum of all towers.
inline Candidate missing_et(const Image &towers)
{
   double x = 0, y = 0;
   for (int phi = 0; phi < n_phi; ++phi) {
      const double angle = 2 * M_PI * (phi + 0.5) / n_phi;
      const int column = towers.sum(0, n_eta - 1, phi, phi);
      x -= column * std::cos(angle);
      y -= column * std::sin(angle);
   }
   const int pt = std::min<long>(std::lround(std::hypot(x, y)), met.max_pt);
   const double turns = std::atan2(y, x) / (2 * M_PI);
   return {pt, 0, pt ? static_cast<int>((turns - std::floor(turns)) * met.n_phi) % met.n_phi : 0};
}

inline void fill_slots(const ObjectKind &kind, const std::vector<Candidate> &candidates, int *inputs)
{
   const int n = std::min<int>(candidates.size(), kind.n_slots);
   std::memcpy(inputs + 3 * kind.first_slot, candidates.data(), n * sizeof(Candidate));
}

/// The 57 inputs of an event from its towers and its muons, hardest first; `inputs` must hold zeros.
inline void fill_objects(const Towers &towers, const std::vector<Candidate> &muons, int *inputs)
{
   fill_slots(met, {missing_et(towers.total)}, inputs);
   fill_slots(egamma, find_egammas(towers), inputs);
   fill_slots(muon, muons, inputs);
   fill_slots(jet, find_jets(towers.total), inputs);
}

/// Transverse energies of the 18 x 14 calorimeter regions, first axis phi, in 0.5 GeV.
inline void fill_regions(const Image &towers, std::int16_t *regions)
{
   for (int phi = 0; phi < n_phi; phi += region_side)
      for (int eta = 0; eta < n_eta; eta += region_side)
         *regions++ = std::min(towers.sum(eta, eta + region_side - 1, phi, phi + region_side - 1), max_region);
}

inline Towers towers_of(const ROOT::RVecI &em, const ROOT::RVecI &had)
{
   Towers towers;
   for (int i = 0; i < n_towers; ++i)
      towers.set(i / n_phi, i % n_phi, em.at(i), had.at(i));
   return towers;
}

/// The 57 inputs, without muons, from the electromagnetic and the hadronic towers (56 x 72, eta first).
inline ROOT::RVecI objects_of_towers(const ROOT::RVecI &em, const ROOT::RVecI &had)
{
   ROOT::RVecI inputs(n_inputs, 0);
   fill_objects(towers_of(em, had), {}, inputs.data());
   return inputs;
}

/// The 18 x 14 regions from the electromagnetic and the hadronic towers.
inline ROOT::RVec<std::int16_t> regions_of_towers(const ROOT::RVecI &em, const ROOT::RVecI &had)
{
   ROOT::RVec<std::int16_t> regions(n_regions);
   fill_regions(towers_of(em, had).total, regions.data());
   return regions;
}

} // namespace mapless::level1
#endif
