#ifndef MAPLESS_JET_IMAGE_H
#define MAPLESS_JET_IMAGE_H
// A jet as an image: the transverse momentum of its constituents in pixels of delta eta and delta phi.

#include <ROOT/RVec.hxx>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "mapless/kinematics.h"

namespace mapless {

/// Pixels [eta][phi], both rising, whose sum is 1.
template <std::size_t size>
using JetImage = std::array<std::array<float, size>, size>;

/// A constituent beside the centre of its jet.
struct Deposit {
   double pt, eta, phi;
};

/// The constituents around the centre of their transverse momentum (GeV).
inline ROOT::RVec<Deposit> centred(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi)
{
   if (eta.size() != pt.size() || phi.size() != pt.size())
      throw std::length_error("a jet has constituents with " + std::to_string(pt.size()) + " pt, " +
                              std::to_string(eta.size()) + " eta and " + std::to_string(phi.size()) + " phi");
   ROOT::RVec<Deposit> deposits;
   deposits.reserve(pt.size());
   double sum = 0, sum_eta = 0, sum_phi = 0;
   for (std::size_t i = 0; i < pt.size(); ++i) {
      double beside = double(phi[i]) - phi[0]; // no jet reaches half around
      if (std::abs(beside) > pi)
         beside = fold_angle(beside);
      deposits.push_back({pt[i], eta[i], beside});
      sum += pt[i];
      sum_eta += pt[i] * deposits[i].eta;
      sum_phi += pt[i] * deposits[i].phi;
   }
   for (auto &deposit : deposits) {
      deposit.eta -= sum_eta / sum;
      deposit.phi -= sum_phi / sum;
   }
   return deposits;
}

/// Turns the axis along which a centred jet is widest into that of phi.
inline void rotate(ROOT::RVec<Deposit> &deposits)
{
   double eta_eta = 0, phi_phi = 0, eta_phi = 0;
   for (const auto &deposit : deposits) {
      eta_eta += deposit.pt * deposit.eta * deposit.eta;
      phi_phi += deposit.pt * deposit.phi * deposit.phi;
      eta_phi += deposit.pt * deposit.eta * deposit.phi;
   }
   const double angle = std::atan2(2 * eta_phi, phi_phi - eta_eta) / 2; // from the axis of phi to the widest
   const double cosine = std::cos(angle), sine = std::sin(angle);
   for (auto &deposit : deposits)
      deposit = {deposit.pt, cosine * deposit.eta - sine * deposit.phi, sine * deposit.eta + cosine * deposit.phi};
}

/// Mirrors a jet so that more of its transverse momentum lies at positive eta, and at positive phi.
inline void flip(ROOT::RVec<Deposit> &deposits)
{
   double eta_side = 0, phi_side = 0;
   for (const auto &deposit : deposits) {
      eta_side += std::copysign(deposit.pt, deposit.eta);
      phi_side += std::copysign(deposit.pt, deposit.phi);
   }
   for (auto &deposit : deposits)
      deposit = {deposit.pt, std::copysign(1., eta_side) * deposit.eta, std::copysign(1., phi_side) * deposit.phi};
}

/// The image of a jet within +-`half_width` of its centre in eta and phi; all zero where nothing lies there.
///
/// As in CMS EXO-22-026 (arXiv:2412.03747) with 32 pixels, 0.6 and neither rotated nor flipped; for the
/// LHC Olympics (arXiv:2002.12376) with 40 pixels, 0.7 and both.
template <std::size_t size>
JetImage<size> jet_image(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi, double half_width,
                         bool rotated = false, bool flipped = false)
{
   auto deposits = centred(pt, eta, phi);
   if (rotated)
      rotate(deposits);
   if (flipped)
      flip(deposits);
   const double pixels_per_unit = size / (2 * half_width);
   double inside = 0;
   for (auto &deposit : deposits) { // from here on in pixels
      deposit.eta = deposit.eta * pixels_per_unit + size / 2.;
      deposit.phi = deposit.phi * pixels_per_unit + size / 2.;
      if (deposit.eta >= 0 && deposit.eta < size && deposit.phi >= 0 && deposit.phi < size)
         inside += deposit.pt;
      else
         deposit.pt = 0;
   }
   JetImage<size> image{};
   for (const auto &deposit : deposits)
      if (deposit.pt > 0)
         image[static_cast<std::size_t>(deposit.eta)][static_cast<std::size_t>(deposit.phi)] += deposit.pt / inside;
   return image;
}

} // namespace mapless
#endif
