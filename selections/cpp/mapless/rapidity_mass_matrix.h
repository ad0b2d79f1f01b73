#ifndef MAPLESS_RAPIDITY_MASS_MATRIX_H
#define MAPLESS_RAPIDITY_MASS_MATRIX_H
// An event as a matrix of transverse energies, masses and rapidities of its objects (arXiv:1805.11650).

#include <ROOT/RVec.hxx>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace mapless {

/// Momenta of the objects of one kind, hardest first (GeV).
struct ObjectList {
   ROOT::RVecF pt, eta, phi, mass;
};

/// Objects with a mass; raises std::length_error for lists of different lengths.
inline ObjectList objects(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
                          const ROOT::RVecF &mass)
{
   if (eta.size() != pt.size() || phi.size() != pt.size() || mass.size() != pt.size())
      throw std::length_error("objects have " + std::to_string(pt.size()) + " pt, " + std::to_string(eta.size()) +
                              " eta, " + std::to_string(phi.size()) + " phi and " + std::to_string(mass.size()) +
                              " mass");
   return {pt, eta, phi, mass};
}

/// Objects without a mass.
inline ObjectList objects(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi)
{
   return objects(pt, eta, phi, ROOT::RVecF(pt.size(), 0.f));
}

/// Mass of the hardest of one kind and the n-th of another (or the same) kind; -1 where there is none.
inline float pair_mass(const ObjectList &one, const ObjectList &other, std::size_t n = 0)
{
   if (one.pt.empty() || other.pt.size() <= n)
      return -1.f;
   double energy = 0, px = 0, py = 0, pz = 0;
   for (const auto &[list, i] : {std::pair<const ObjectList &, std::size_t>{one, 0}, {other, n}}) {
      const double pt = list.pt[i], along = pt * std::sinh(double(list.eta[i]));
      energy += std::sqrt(pt * pt + along * along + double(list.mass[i]) * list.mass[i]);
      px += pt * std::cos(double(list.phi[i]));
      py += pt * std::sin(double(list.phi[i]));
      pz += along;
   }
   return std::sqrt(std::max(0., energy * energy - px * px - py * py - pz * pz));
}

namespace detail {
/// What the matrix needs of an object, and its row.
struct MatrixObject {
   std::size_t row;
   double transverse_energy, energy, px, py, pz, half_boost; // the last: exp(rapidity / 2)
};

inline MatrixObject matrix_object(std::size_t row, const ObjectList &list, std::size_t i)
{
   const double pt = list.pt[i], mass = list.mass[i], pz = pt * std::sinh(double(list.eta[i]));
   const double energy = std::sqrt(pt * pt + pz * pz + mass * mass);
   const double half_boost = std::sqrt((energy + std::abs(pz)) / std::sqrt(pt * pt + mass * mass));
   return {row,
           energy * pt / std::sqrt(pt * pt + pz * pz),
           energy,
           pt * std::cos(double(list.phi[i])),
           pt * std::sin(double(list.phi[i])),
           pz,
           pz < 0 ? 1 / half_boost : half_boost};
}
} // namespace detail

/// The weight of cells with rapidities, so that they are as large as the others.
constexpr double rapidity_weight = 0.15;

template <std::size_t... most>
constexpr std::size_t matrix_size = 1 + (most + ...);

/// The matrix of the missing momentum and up to `most` of each kind of objects, in the order of `lists`.
///
/// Row and column 0 belong to the missing momentum, the others to the objects, hardest first in each kind. With
/// s the collision energy (GeV): (0, 0) missing pt / s; (0, j) transverse mass with the missing momentum / s; the
/// diagonal transverse energy / s of the first of a kind, of others what they have less than the one before over
/// the sum of both; above it masses of pairs / s; below cosh(half of the difference of rapidities) - 1, in column 0
/// cosh(rapidity) - 1, both times 0.15. No cell is above 1; cells of objects that are not there are 0.
template <std::size_t... most>
std::array<std::array<float, matrix_size<most...>>, matrix_size<most...>>
rapidity_mass_matrix(double missing_pt, double missing_phi, double collision_energy,
                     const std::array<const ObjectList *, sizeof...(most)> &lists)
{
   std::array<std::array<float, matrix_size<most...>>, matrix_size<most...>> matrix{};
   const auto set = [&matrix](std::size_t row, std::size_t column, double value) {
      matrix[row][column] = static_cast<float>(std::min(value, 1.));
   };
   std::array<detail::MatrixObject, matrix_size<most...>> there;
   std::size_t n = 0, first = 1;
   std::size_t kind = 0;
   const auto add = [&](std::size_t up_to) {
      const ObjectList &list = *lists[kind++];
      for (std::size_t i = 0; i < std::min(list.pt.size(), up_to); ++i, ++n) {
         there[n] = detail::matrix_object(first + i, list, i);
         const double energy = there[n].transverse_energy;
         const double before = i ? there[n - 1].transverse_energy : 0;
         set(first + i, first + i, i ? std::max(0., before - energy) / (before + energy) : energy / collision_energy);
      }
      first += up_to;
   };
   (add(most), ...);

   set(0, 0, missing_pt / collision_energy);
   const double missing_x = missing_pt * std::cos(missing_phi), missing_y = missing_pt * std::sin(missing_phi);
   for (std::size_t i = 0; i < n; ++i) {
      const auto &one = there[i];
      const double boost = one.half_boost * one.half_boost;
      set(one.row, 0, rapidity_weight * (0.5 * (boost + 1 / boost) - 1));
      if (missing_pt > 0) {
         const double energy = one.transverse_energy + missing_pt, px = one.px + missing_x, py = one.py + missing_y;
         set(0, one.row, std::sqrt(std::max(0., energy * energy - px * px - py * py)) / collision_energy);
      }
      for (std::size_t j = i + 1; j < n; ++j) {
         const auto &other = there[j];
         const double energy = one.energy + other.energy, px = one.px + other.px, py = one.py + other.py,
                      pz = one.pz + other.pz, ratio = one.half_boost / other.half_boost;
         set(one.row, other.row,
             std::sqrt(std::max(0., energy * energy - px * px - py * py - pz * pz)) / collision_energy);
         set(other.row, one.row, rapidity_weight * (0.5 * (ratio + 1 / ratio) - 1));
      }
   }
   return matrix;
}

/// The cells of a matrix row by row, without some that are given as {row, column} in that order.
template <std::size_t size, std::size_t n_without>
std::array<float, size * size - n_without>
cells_without(const std::array<std::array<float, size>, size> &matrix,
              const std::array<std::array<std::size_t, 2>, n_without> &without)
{
   std::array<float, size * size - n_without> cells;
   std::size_t place = 0, next = 0;
   for (std::size_t row = 0; row < size; ++row)
      for (std::size_t column = 0; column < size; ++column) {
         if (next < n_without && without[next][0] == row && without[next][1] == column)
            ++next;
         else
            cells[place++] = matrix[row][column];
      }
   return cells;
}

} // namespace mapless
#endif
