// Substructure of one large-radius jet from its constituents, as CMS computes it, on FastJet.
//
// From a ROOT prompt, after `source setup.sh`:
//   root [0] #include "mapless/substructure.h"
//   root [1] mapless::soft_drop_mass(mapless::constituents({500, 300}, {0, 0.2}, {0, 0.1}))
#ifndef MAPLESS_SUBSTRUCTURE_H
#define MAPLESS_SUBSTRUCTURE_H

#include <ROOT/RVec.hxx>
#include <fastjet/ClusterSequence.hh>
#include <fastjet/contrib/Nsubjettiness.hh>
#include <fastjet/contrib/SoftDrop.hh>

#include "mapless/kinematics.h"

#if defined(__CLING__) && !defined(MAPLESS_COMPILED)
#include <TSystem.h>
namespace mapless {
/// FastJet's own code, which the interpreter does not look for by itself; found through LD_LIBRARY_PATH.
static const int fastjet_loaded = gSystem->Load("libfastjet.so") | gSystem->Load("libfastjettools.so") |
                                  gSystem->Load("libfastjetcontribfragile.so");
}  // namespace mapless
#endif

namespace mapless {

using Constituents = std::vector<fastjet::PseudoJet>;
constexpr double large_radius = 0.8;

/// Massless constituents from transverse momentum (GeV), pseudorapidity and azimuth.
inline Constituents constituents(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi) {
  Constituents all;
  all.reserve(pt.size());
  for (std::size_t i = 0; i < pt.size(); ++i)
    all.push_back(fastjet::PtYPhiM(pt[i], eta[i], phi[i]));
  return all;
}

/// The constituents of jet number `jet`, given the jet index of every constituent of the event.
inline Constituents constituents_of(int jet, const ROOT::RVecI &jet_index, const ROOT::RVecF &pt,
                                    const ROOT::RVecF &eta, const ROOT::RVecF &phi) {
  const auto mine = jet_index == jet;
  return constituents(pt[mine], eta[mine], phi[mine]);
}

/// All constituents as one Cambridge/Aachen jet; its cluster sequence stays alive with it.
inline fastjet::PseudoJet recluster(const Constituents &all) {
  const fastjet::JetDefinition everything(fastjet::cambridge_algorithm,
                                          fastjet::JetDefinition::max_allowable_R);
  auto *sequence = new fastjet::ClusterSequence(all, everything);
  const auto jets = sequence->inclusive_jets();
  sequence->delete_self_when_unused();
  return jets.front();
}

/// The soft-drop jet (arXiv:1402.2657) of a Cambridge/Aachen jet; beta = 0 is the CMS choice.
inline fastjet::PseudoJet soft_drop(const fastjet::PseudoJet &jet, double beta = 0, double z_cut = 0.1,
                                    double radius = large_radius) {
  fastjet::contrib::SoftDrop groomer(beta, z_cut, radius);
  groomer.set_reclustering(false);
  return groomer(jet);
}

/// Mass of the soft-drop jet in GeV; 0 without constituents.
inline float soft_drop_mass(const Constituents &all, double beta = 0, double z_cut = 0.1,
                            double radius = large_radius) {
  if (all.empty())
    return 0;
  return std::max(0., soft_drop(recluster(all), beta, z_cut, radius).m());
}

/// tau_1 ... tau_n (arXiv:1011.2268) with beta = 1, normalised by sum pt R, and CMS's axes: exclusive kt
/// subjets moved to the nearest minimum in one pass. tau_N = 0 for a jet with at most N constituents.
inline ROOT::RVecF n_subjettiness(const Constituents &all, int n = 4, double radius = large_radius) {
  using namespace fastjet::contrib;
  ROOT::RVecF tau(n, 0.f);
  if (all.empty())
    return tau;
  const auto jet = fastjet::join(all);
  for (int k = 1; k <= n; ++k)
    tau[k - 1] = Nsubjettiness(k, OnePass_KT_Axes(), NormalizedMeasure(1., radius))(jet);
  return tau;
}

/// Lepton subjet fraction (arXiv:1410.0362): pt of the lepton over pt of the subjet nearest to it, among
/// `n_subjets` exclusive kt subjets of the jet, lepton included (3 gives LSF3). 0 for a lepton of pt 0.
inline float lepton_subjet_fraction(const Constituents &all, double lepton_pt, double lepton_eta,
                                    double lepton_phi, int n_subjets = 3) {
  if (all.empty() || lepton_pt <= 0)
    return 0;
  const fastjet::ClusterSequence sequence(all, {fastjet::kt_algorithm, 2.0});
  const auto lepton = fastjet::PtYPhiM(lepton_pt, lepton_eta, lepton_phi);
  double nearest = 1e9, fraction = 0;
  for (const auto &subjet : sequence.exclusive_jets_up_to(n_subjets)) {
    const double distance = subjet.delta_R(lepton);  // in rapidity and azimuth
    if (distance < nearest) {
      nearest = distance;
      fraction = lepton_pt / subjet.pt();
    }
  }
  return fraction;
}

}  // namespace mapless

#endif
