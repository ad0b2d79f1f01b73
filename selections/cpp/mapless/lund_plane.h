// The Lund jet plane of a large-radius jet, prong by prong, on FastJet (CMS-DP-2023/046, arXiv:1807.04758).
//
// From a ROOT prompt, after `source setup.sh`:
//   root [0] #include "mapless/lund_plane.h"
//   root [1] mapless::lund_plane(mapless::constituents({500, 300, 20}, {0, 0.2, 0.1}, {0, 0.1, 0.3}), 2).log_kt
#ifndef MAPLESS_LUND_PLANE_H
#define MAPLESS_LUND_PLANE_H

#include "mapless/substructure.h"

namespace mapless {

/// Subjets of a jet, hardest first, and their splittings: emissions from the harder branch of a
/// Cambridge/Aachen tree, wide ones first. `subjet` of a splitting counts from 0; `log_inverse_angle` is
/// ln(radius / Delta), `log_kt` is ln(kt / GeV) with kt = Delta times the pt of the softer branch.
struct LundPlane {
  ROOT::RVecF subjet_pt, subjet_eta, subjet_phi;
  ROOT::RVecI subjet;
  ROOT::RVecF log_inverse_angle, log_kt;
};

/// Splittings below these are left out: no detector resolves them.
constexpr double smallest_kt = 0.02;  // GeV
constexpr double smallest_angle = 0.005;

/// Follow the harder branch of a Cambridge/Aachen jet and record what it emits.
inline void add_splittings(const fastjet::PseudoJet &tree, int subjet, double radius, LundPlane &plane) {
  fastjet::PseudoJet branch = tree, harder, softer;
  while (branch.has_parents(harder, softer)) {
    if (harder.pt2() < softer.pt2())
      std::swap(harder, softer);
    const double angle = harder.delta_R(softer), kt = softer.pt() * angle;
    if (angle > smallest_angle && kt > smallest_kt) {
      plane.subjet.push_back(subjet);
      plane.log_inverse_angle.push_back(std::log(radius / angle));
      plane.log_kt.push_back(std::log(kt));
    }
    branch = harder;
  }
}

/// The Lund plane of every one of `n_prongs` exclusive kt subjets; fewer where a jet has fewer constituents.
inline LundPlane lund_plane(const Constituents &all, int n_prongs, double radius = large_radius) {
  LundPlane plane;
  if (all.empty() || n_prongs < 1)
    return plane;
  const fastjet::JetDefinition any_angle(fastjet::kt_algorithm, fastjet::JetDefinition::max_allowable_R);
  const fastjet::ClusterSequence sequence(all, any_angle);
  const auto subjets = fastjet::sorted_by_pt(sequence.exclusive_jets_up_to(n_prongs));
  for (std::size_t i = 0; i < subjets.size(); ++i) {
    plane.subjet_pt.push_back(subjets[i].pt());
    plane.subjet_eta.push_back(subjets[i].eta());
    plane.subjet_phi.push_back(subjets[i].phi_std());
    add_splittings(recluster(subjets[i].constituents()), i, radius, plane);
  }
  return plane;
}

/// Number of quarks of the hard process within `radius` of a jet's axis, at least one.
inline int n_prongs(float eta, float phi, const ROOT::RVecF &quark_eta, const ROOT::RVecF &quark_phi,
                    double radius = large_radius) {
  const auto distance = ROOT::VecOps::DeltaR(ROOT::RVecF(quark_eta.size(), eta), quark_eta,
                                             ROOT::RVecF(quark_phi.size(), phi), quark_phi);
  return std::max<int>(1, ROOT::VecOps::Sum(distance < static_cast<float>(radius)));
}

}  // namespace mapless

#endif
