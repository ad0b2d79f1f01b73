// Large-radius jets of a batch of events: clustering, identification, dijet slice and substructure.
#ifndef MAPLESS_CLUSTERING_H
#define MAPLESS_CLUSTERING_H

#include <fastjet/tools/Filter.hh>

#include "mapless/substructure.h"

namespace mapless {

enum Kind { charged_hadron, photon, neutral_hadron, electron, muon };

struct Criteria {
  double min_pt, max_eta, min_mjj, max_mjj, min_delta_eta, max_delta_eta;
  int max_jets, max_constituents;
  double radius = large_radius;
  double trimming_fraction = 0, trimming_radius = 0.2;  // of the jet's pt, and of subjets; 0: not trimmed
  bool tight_id = true;
  int min_jets = 2;  // with fewer than two there is no dijet slice
};

/// Particles and heavy hadrons of a batch; those of event i are [offsets[i], offsets[i + 1]).
struct Batch {
  long n_events;
  const long *offsets;
  const float *pt, *eta, *phi;
  const int *kind;
  const long *hadron_offsets;
  const float *hadron_eta, *hadron_phi;
  const int *hadron_flavour;
  const float *energy_scale, *mass_scale;  // scaled_jets factors per event, one for each leading jet
};
constexpr int scaled_jets = 4;

/// Flat jets of the selected events, in order.
struct Jets {
  std::vector<int> event, n_jets;
  std::vector<float> pt, eta, phi, mass, softdrop_mass, tau1, tau2, tau3, tau4, lsf3;
  std::vector<int> n_constituents, flavour1, flavour2;
  std::vector<int> n_stored;
  std::vector<float> constituent_pt, constituent_eta, constituent_phi;
};

struct Jet {
  fastjet::PseudoJet momentum;
  Constituents constituents;
  double energy_scale, mass_scale;
};

/// The jet with the detector's energy and mass resolution.
inline fastjet::PseudoJet smeared(const fastjet::PseudoJet &jet, double energy_scale, double mass_scale) {
  auto result = energy_scale * jet;
  const double mass = std::max(0., mass_scale * result.m());
  result.reset_momentum(result.px(), result.py(), result.pz(), std::sqrt(result.modp2() + mass * mass));
  return result;
}

inline Constituents particles_of(const Batch &batch, long event) {
  Constituents all;
  for (long i = batch.offsets[event]; i < batch.offsets[event + 1]; ++i) {
    all.push_back(fastjet::PtYPhiM(batch.pt[i], batch.eta[i], batch.phi[i]));
    all.back().set_user_index(i);
  }
  return all;
}

/// CMS-like tight identification: more than one constituent, not made of one kind of particle alone.
inline bool passes_tight_id(const Batch &batch, const Constituents &all) {
  double energy[5] = {}, total = 0;
  for (const auto &particle : all) {
    energy[batch.kind[particle.user_index()]] += particle.E();
    total += particle.E();
  }
  return all.size() > 1 && energy[neutral_hadron] < 0.9 * total && energy[photon] < 0.9 * total &&
         energy[electron] < 0.8 * total && energy[muon] < 0.8 * total && energy[charged_hadron] > 0;
}

/// The jet without subjets of little transverse momentum (trimming, arXiv:0912.1342).
inline fastjet::PseudoJet trimmed(const fastjet::PseudoJet &jet, const Criteria &criteria) {
  if (criteria.trimming_fraction <= 0)
    return jet;
  const fastjet::Filter trimmer({fastjet::kt_algorithm, criteria.trimming_radius},
                                fastjet::SelectorPtFractionMin(criteria.trimming_fraction));
  return trimmer(jet);
}

inline std::vector<Jet> find_jets(const Batch &batch, long event, const fastjet::ClusterSequence &sequence,
                                  const Criteria &criteria) {
  std::vector<Jet> jets;
  const auto candidates = fastjet::sorted_by_pt(sequence.inclusive_jets(0.8 * criteria.min_pt));
  const int n = std::min<int>(candidates.size(), scaled_jets);
  for (int i = 0; i < n; ++i) {
    const double energy_scale = batch.energy_scale[event * scaled_jets + i];
    const double mass_scale = batch.mass_scale[event * scaled_jets + i];
    const auto candidate = trimmed(candidates[i], criteria);
    Jet jet{smeared(candidate, energy_scale, mass_scale), candidate.constituents(), energy_scale, mass_scale};
    if (jet.momentum.pt() > criteria.min_pt && std::abs(jet.momentum.eta()) < criteria.max_eta &&
        (!criteria.tight_id || passes_tight_id(batch, jet.constituents)))
      jets.push_back(std::move(jet));
  }
  std::sort(jets.begin(), jets.end(),
            [](const Jet &a, const Jet &b) { return a.momentum.pt() > b.momentum.pt(); });
  return jets;
}

inline bool in_slice(const std::vector<Jet> &jets, const Criteria &criteria) {
  if (static_cast<int>(jets.size()) < criteria.min_jets)
    return false;
  if (criteria.min_jets < 2)
    return true;
  const auto &first = jets[0].momentum, &second = jets[1].momentum;
  const double mjj = (first + second).m(), delta_eta = std::abs(first.eta() - second.eta());
  return mjj > criteria.min_mjj && mjj < criteria.max_mjj && delta_eta >= criteria.min_delta_eta &&
         delta_eta < criteria.max_delta_eta;
}

/// 5 or 4 where a bottom or charm hadron lies within 0.4 of the axis, else 0.
inline int flavour_near(const Batch &batch, long event, const fastjet::PseudoJet &axis) {
  int flavour = 0;
  for (long i = batch.hadron_offsets[event]; i < batch.hadron_offsets[event + 1]; ++i)
    if (delta_r(axis.eta(), axis.phi(), batch.hadron_eta[i], batch.hadron_phi[i]) < 0.4)
      flavour = std::max(flavour, batch.hadron_flavour[i]);
  return flavour;
}

inline float leading_lepton_subjet_fraction(const Batch &batch, const Constituents &all) {
  const fastjet::PseudoJet *lepton = nullptr;
  for (const auto &particle : all)
    if (batch.kind[particle.user_index()] >= electron && (!lepton || particle.pt() > lepton->pt()))
      lepton = &particle;
  return lepton ? lepton_subjet_fraction(all, lepton->pt(), lepton->eta(), lepton->phi()) : 0;
}

inline void store_substructure(const Batch &batch, long event, const Jet &jet, double radius, Jets &out) {
  const auto groomed = soft_drop(recluster(jet.constituents));
  out.softdrop_mass.push_back(jet.energy_scale * jet.mass_scale * std::max(0., groomed.m()));
  fastjet::PseudoJet subjet1, subjet2;
  const bool split = groomed.has_parents(subjet1, subjet2);
  out.flavour1.push_back(flavour_near(batch, event, split ? subjet1 : groomed));
  out.flavour2.push_back(flavour_near(batch, event, split ? subjet2 : groomed));
  const auto tau = n_subjettiness(jet.constituents, 4, radius);
  out.tau1.push_back(tau[0]);
  out.tau2.push_back(tau[1]);
  out.tau3.push_back(tau[2]);
  out.tau4.push_back(tau[3]);
  out.lsf3.push_back(leading_lepton_subjet_fraction(batch, jet.constituents));
}

inline void store_constituents(const Jet &jet, int limit, Jets &out) {
  const auto hardest = fastjet::sorted_by_pt(jet.constituents);
  const int n = std::min<int>(limit, hardest.size());
  for (int i = 0; i < n; ++i) {
    out.constituent_pt.push_back(jet.energy_scale * hardest[i].pt());
    out.constituent_eta.push_back(hardest[i].eta());
    out.constituent_phi.push_back(hardest[i].phi_std());
  }
  out.n_stored.push_back(n);
}

inline void store_jet(const Batch &batch, long event, const Jet &jet, const Criteria &criteria, Jets &out) {
  out.pt.push_back(jet.momentum.pt());
  out.eta.push_back(jet.momentum.eta());
  out.phi.push_back(jet.momentum.phi_std());
  out.mass.push_back(std::max(0., jet.momentum.m()));
  out.n_constituents.push_back(jet.constituents.size());
  store_substructure(batch, event, jet, criteria.radius, out);
  store_constituents(jet, criteria.max_constituents, out);
}

inline Jets cluster(const Batch &batch, const Criteria &criteria) {
  const fastjet::JetDefinition anti_kt(fastjet::antikt_algorithm, criteria.radius);
  Jets out;
  for (long event = 0; event < batch.n_events; ++event) {
    const fastjet::ClusterSequence sequence(particles_of(batch, event), anti_kt);
    const auto jets = find_jets(batch, event, sequence, criteria);
    if (!in_slice(jets, criteria))
      continue;
    const int n = std::min<int>(criteria.max_jets, jets.size());
    out.event.push_back(event);
    out.n_jets.push_back(n);
    for (int i = 0; i < n; ++i)
      store_jet(batch, event, jets[i], criteria, out);
  }
  return out;
}

}  // namespace mapless

#endif
