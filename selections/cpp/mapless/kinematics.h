// Four-momentum arithmetic for jets given as (pt, eta, phi, mass), in GeV and radians.
#ifndef MAPLESS_KINEMATICS_H
#define MAPLESS_KINEMATICS_H

#include <cmath>

namespace mapless {

constexpr double pi = 3.14159265358979323846;

/// Angle folded into (-pi, pi].
inline double fold_angle(double phi) {
  const double folded = std::remainder(phi, 2 * pi);
  return folded == -pi ? pi : folded;
}

/// Distance sqrt(d_eta^2 + d_phi^2).
inline double delta_r(double eta1, double phi1, double eta2, double phi2) {
  return std::hypot(eta1 - eta2, fold_angle(phi1 - phi2));
}

/// Invariant mass of two objects in GeV.
///
/// Written so that it stays exact where E^2 - p^2 would cancel: for two massless objects it is
/// 2 pt1 pt2 (cosh d_eta - cos d_phi) = 4 pt1 pt2 (sinh^2(d_eta / 2) + sin^2(d_phi / 2)).
inline double invariant_mass(double pt1, double eta1, double phi1, double mass1, double pt2, double eta2,
                             double phi2, double mass2) {
  const double pz1 = pt1 * std::sinh(eta1), pz2 = pt2 * std::sinh(eta2);
  const double p1 = std::hypot(pt1, pz1), p2 = std::hypot(pt2, pz2);
  const double energy1 = std::hypot(p1, mass1), energy2 = std::hypot(p2, mass2);
  const double half_eta = std::sinh((eta1 - eta2) / 2), half_phi = std::sin((phi1 - phi2) / 2);
  const double massless = 4 * pt1 * pt2 * (half_eta * half_eta + half_phi * half_phi);
  // E1 E2 - p1 p2 without cancellation
  const double from_masses = (mass1 * mass1 * energy2 * energy2 + mass2 * mass2 * p1 * p1) /
                             (energy1 * energy2 + p1 * p2 + 1e-300);
  return std::sqrt(mass1 * mass1 + mass2 * mass2 + 2 * from_masses + massless);
}

}  // namespace mapless

#endif
