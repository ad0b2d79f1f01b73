#ifndef MAPLESS_LEVEL1_RESPONSE_H
#define MAPLESS_LEVEL1_RESPONSE_H
// What the level-1 trigger makes of the energy in a tower, and of a jet: all numbers that are chosen, none derived.
//
// Together they give zero bias at a mean pile-up of 50 the momenta and the numbers of objects that the input offsets
// of CMS's deployed AXOL1TL v3 tell (github.com/cms-hls4ml/AXOL1TL); the pile-up of that data is not published.
// They hold near that pile-up: none of them follows it.
//
//   root [0] #include "mapless/level1_response.h"
//   root [1] mapless::level1::hadronic_response(10) // 6.6 of 10 GeV

#include <algorithm>
#include <cmath>

namespace mapless::level1 {

/// GeV in a tower of 0.087 x 0.087: the filter that measures a pulse of the electromagnetic calorimeter takes off
/// what neighbouring crossings leave on average, and what remains of too little is suppressed.
constexpr double em_baseline = 0.55;

/// GeV: the calorimeters answer less to a hadron the softer it is (measured from 2 to 350 GeV/c in
/// doi:10.1140/epjc/s10052-009-0959-5); a tower below this energy shows nothing, one of 100 GeV nine tenths.
constexpr double hadron_scale = 1.15;

/// GeV: the calibration of jets makes up for it (arXiv:2006.10165, section 5): it doubles the softest jets and fades
/// away over this momentum, so that the hardest jet of top quark pairs keeps about 100 GeV.
constexpr double jet_correction_range = 70;

/// Transverse energy (GeV) that the electromagnetic calorimeter tells of a tower `area` times as large as the central.
inline double em_response(double energy, double area)
{
   return std::max(energy - em_baseline * area, 0.);
}

/// Transverse energy (GeV) that the hadronic calorimeter tells of a tower.
inline double hadronic_response(double energy)
{
   return std::max(energy - std::sqrt(hadron_scale * energy), 0.);
}

/// Calibrated transverse momentum (GeV) of a jet.
inline double calibrated_jet(double pt)
{
   return pt * (1 + std::exp(-pt / jet_correction_range));
}

} // namespace mapless::level1
#endif
