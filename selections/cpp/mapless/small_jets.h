// Small-radius jets of a batch of events, without substructure: how they are identified, and their flavour.
#ifndef MAPLESS_SMALL_JETS_H
#define MAPLESS_SMALL_JETS_H

#include "mapless/clustering.h"

namespace mapless {

/// Flat jets of all events, hardest first in each; flavour is 5, 4 or 0 by the heavy hadrons within 0.4.
struct SmallJets {
  std::vector<int> n_jets;
  std::vector<float> pt, eta, phi, mass;
  std::vector<int> tight_id, flavour;
};

inline SmallJets small_jets(const Batch &batch, double radius, double min_pt) {
  const fastjet::JetDefinition anti_kt(fastjet::antikt_algorithm, radius);
  SmallJets out;
  for (long event = 0; event < batch.n_events; ++event) {
    const fastjet::ClusterSequence sequence(particles_of(batch, event), anti_kt);
    const auto jets = fastjet::sorted_by_pt(sequence.inclusive_jets(min_pt));
    out.n_jets.push_back(jets.size());
    for (const auto &jet : jets) {
      out.pt.push_back(jet.pt());
      out.eta.push_back(jet.eta());
      out.phi.push_back(jet.phi_std());
      out.mass.push_back(std::max(0., jet.m()));
      out.tight_id.push_back(passes_tight_id(batch, jet.constituents()));
      out.flavour.push_back(flavour_near(batch, event, jet));
    }
  }
  return out;
}

}  // namespace mapless

#endif
