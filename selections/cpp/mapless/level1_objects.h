#ifndef MAPLESS_LEVEL1_OBJECTS_H
#define MAPLESS_LEVEL1_OBJECTS_H
// Objects of the CMS level-1 global trigger as hardware integers, and the order in which networks take them:
// MET, 4 e/gamma, 4 muons, 10 jets, each (pt, eta, phi). selections/level1/hardware.py tabulates the units.
//
//   root [0] #include "mapless/level1_objects.h"
//   root [1] frame.Define("level1_objects", "mapless::level1::objects_of_nanoaod(L1EtSum_pt, ...)")

#include <ROOT/RVec.hxx>

#include <algorithm>
#include <cmath>
#include <vector>

namespace mapless::level1 {

/// Units and place of one kind of object; a pt of 0 is an empty slot, so muons count from `pt_offset`.
struct ObjectKind {
   int first_slot, n_slots, max_pt, pt_offset, n_phi;
   double eta_step;
};
constexpr double pt_step = 0.5; // GeV
constexpr ObjectKind met{0, 1, 4095, 0, 144, 0}, egamma{1, 4, 511, 0, 144, 0.087 / 2},
   muon{5, 4, 511, 1, 576, 0.087 / 8}, jet{9, 10, 2047, 0, 144, 0.087 / 2};
constexpr ObjectKind object_kinds[] = {met, egamma, muon, jet};
constexpr int n_slots = 19, n_inputs = 3 * n_slots;

/// One object in its slot of the 57 inputs, from pt (GeV), eta and phi (radians).
inline void digitise(const ObjectKind &kind, int slot, double pt, double eta, double phi, int *inputs)
{
   if (!(pt > 0))
      return;
   const double turns = phi / (2 * M_PI);
   int *place = inputs + 3 * (kind.first_slot + slot);
   place[0] = std::min<long>(std::lround(std::min(pt, 1e6) / pt_step) + kind.pt_offset, kind.max_pt);
   place[1] = kind.eta_step > 0 ? std::lround(eta / kind.eta_step) : 0;
   place[2] = std::lround((turns - std::floor(turns)) * kind.n_phi) % kind.n_phi;
}

/// The inputs (n_events, 57) from physical values (n_events, 19, 3): pt in GeV, eta, phi.
inline void digitise_all(const double *physical, long n_events, int *inputs)
{
   for (long event = 0; event < n_events; ++event, physical += n_inputs, inputs += n_inputs)
      for (const auto &kind : object_kinds)
         for (int i = 0; i < kind.n_slots; ++i) {
            const double *object = physical + 3 * (kind.first_slot + i);
            digitise(kind, i, object[0], object[1], object[2], inputs);
         }
}

/// The first objects of one kind in the bunch crossing of the collision (bx 0), in the order of the file.
template <typename Bx>
void place_objects(const ObjectKind &kind, const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
                   const ROOT::RVec<Bx> &bx, int *inputs)
{
   int slot = 0;
   for (std::size_t i = 0; i < pt.size() && slot < kind.n_slots; ++i)
      if (bx[i] == 0)
         digitise(kind, slot++, pt[i], eta[i], phi[i], inputs);
}

/// The 57 inputs from the columns L1EtSum_*, L1EG_*, L1Mu_* and L1Jet_* of CMS NanoAOD.
template <typename Type, typename Bx>
ROOT::RVecI objects_of_nanoaod(const ROOT::RVecF &sum_pt, const ROOT::RVecF &sum_phi, const ROOT::RVec<Type> &sum_type,
                               const ROOT::RVec<Bx> &sum_bx, const ROOT::RVecF &egamma_pt,
                               const ROOT::RVecF &egamma_eta, const ROOT::RVecF &egamma_phi,
                               const ROOT::RVec<Bx> &egamma_bx, const ROOT::RVecF &muon_pt,
                               const ROOT::RVecF &muon_eta, const ROOT::RVecF &muon_phi,
                               const ROOT::RVec<Bx> &muon_bx, const ROOT::RVecF &jet_pt, const ROOT::RVecF &jet_eta,
                               const ROOT::RVecF &jet_phi, const ROOT::RVec<Bx> &jet_bx)
{
   constexpr int missing_et = 2; // l1t::EtSum::kMissingEt of CMSSW
   ROOT::RVecI inputs(n_inputs, 0);
   for (std::size_t i = 0; i < sum_pt.size(); ++i)
      if (sum_bx[i] == 0 && sum_type[i] == missing_et && sum_pt[i] >= pt_step / 2)
         digitise(met, 0, sum_pt[i], 0, sum_phi[i], inputs.data());
   place_objects(egamma, egamma_pt, egamma_eta, egamma_phi, egamma_bx, inputs.data());
   place_objects(muon, muon_pt, muon_eta, muon_phi, muon_bx, inputs.data());
   place_objects(jet, jet_pt, jet_eta, jet_phi, jet_bx, inputs.data());
   return inputs;
}

/// Events of a column of integers, one after the other, into an array of width times as many.
inline void flatten(const std::vector<ROOT::RVecI> &events, std::size_t width, int *target)
{
   for (const auto &values : events)
      for (std::size_t i = 0; i < width; ++i)
         *target++ = values[i];
}

} // namespace mapless::level1
#endif
