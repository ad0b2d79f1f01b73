#ifndef MAPLESS_LEVEL1_CROSSING_H
#define MAPLESS_LEVEL1_CROSSING_H
// Bunch crossings from single collisions: their trigger towers and muons added up, the response of the calorimeters,
// then the level-1 trigger.

#include "mapless/level1.h"

namespace mapless::level1 {

constexpr int collision_units = 8; // energies of collisions are stored in 0.5 GeV / 8
constexpr double collision_step = pt_step / collision_units;

/// Collisions to draw from: collision i has the towers [starts[i], starts[i + 1]), numbered eta * 72 + phi, with
/// energies in 0.5 GeV / 8, and the muons [muon_starts[i], muon_starts[i + 1]), each (pt, eta, phi).
struct Collisions {
   const std::int64_t *starts;
   const std::uint16_t *tower, *em, *had;
   const std::int64_t *muon_starts;
   const std::int16_t *muons;
};

/// A bunch crossing: the towers of several collisions, turned by `turn` towers and mirrored if wanted, added up.
class Crossing {
   std::vector<std::uint32_t> em = std::vector<std::uint32_t>(n_towers), had = em;
   std::vector<Candidate> muons;

public:
   void add(const Collisions &from, std::int64_t collision, int turn, bool mirrored)
   {
      for (auto i = from.starts[collision]; i < from.starts[collision + 1]; ++i) {
         const int eta = from.tower[i] / n_phi, phi = (from.tower[i] % n_phi + turn) % n_phi;
         const int place = (mirrored ? n_eta - 1 - eta : eta) * n_phi + phi;
         em[place] += from.em[i];
         had[place] += from.had[i];
      }
      for (auto i = from.muon_starts[collision]; i < from.muon_starts[collision + 1]; ++i) {
         const std::int16_t *one = from.muons + 3 * i;
         const int phi = (one[2] + turn * (muon.n_phi / n_phi)) % muon.n_phi;
         muons.push_back({one[0], mirrored ? -one[1] : one[1], phi});
      }
   }
   void trigger(int *inputs, std::int16_t *regions)
   {
      Towers towers;
      for (int eta = 0; eta < n_eta; ++eta) {
         const double area = tower_area(eta);
         for (int phi = 0, i = eta * n_phi; phi < n_phi; ++phi, ++i)
            if (em[i] | had[i])
               towers.set(eta, phi, em_response(em[i] * collision_step, area) / pt_step,
                          hadronic_response(had[i] * collision_step) / pt_step);
      }
      sort_hardest_first(muons);
      fill_objects(towers, muons, inputs);
      fill_regions(towers.total, regions);
   }
   void clear()
   {
      std::fill(em.begin(), em.end(), 0);
      std::fill(had.begin(), had.end(), 0);
      muons.clear();
   }
};

/// Which collisions make crossing i: those numbered [starts[i], starts[i + 1]) of the three arrays.
struct Overlay {
   std::int64_t n_crossings;
   const std::int64_t *starts;
   const std::int32_t *collision;
   const std::uint8_t *turn, *mirrored;
};

/// Objects (n, 57) and regions (n, 18, 14) of crossings; collision i of each of `added` is in crossing i.
inline void simulate(const Collisions &pool, const Overlay &overlay, const std::vector<Collisions> &added,
                     int *objects, std::int16_t *regions)
{
   Crossing crossing;
   for (std::int64_t event = 0; event < overlay.n_crossings; ++event) {
      crossing.clear();
      for (const auto &collisions : added)
         crossing.add(collisions, event, 0, false);
      for (auto i = overlay.starts[event]; i < overlay.starts[event + 1]; ++i)
         crossing.add(pool, overlay.collision[i], overlay.turn[i], overlay.mirrored[i]);
      crossing.trigger(objects + n_inputs * event, regions + n_regions * event);
   }
}

} // namespace mapless::level1
#endif
