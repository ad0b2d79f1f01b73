#ifndef MAPLESS_CERTIFIED_LUMINOSITY_H
#define MAPLESS_CERTIFIED_LUMINOSITY_H
// Whether an event lies in one of many ranges of luminosity blocks.

#include <ROOT/RDataFrame.hxx>

#include <cstdint>
#include <string>
#include <vector>

namespace mapless {

/// The node with a column that tells whether `run` and `luminosity_block` lie in a range. Ranges are given by run, first
/// and last luminosity block, in increasing order and without overlap.
ROOT::RDF::RNode certify(ROOT::RDF::RNode node, const std::string &column, const std::vector<std::uint64_t> &runs,
                         const std::vector<std::uint64_t> &firsts, const std::vector<std::uint64_t> &lasts);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <algorithm>
#include <utility>

namespace mapless {

ROOT::RDF::RNode certify(ROOT::RDF::RNode node, const std::string &column, const std::vector<std::uint64_t> &runs,
                         const std::vector<std::uint64_t> &firsts, const std::vector<std::uint64_t> &lasts)
{
   using Place = std::pair<std::uint64_t, std::uint64_t>;
   std::vector<Place> starts;
   for (std::size_t i = 0; i < runs.size(); ++i)
      starts.emplace_back(runs[i], firsts[i]);
   const auto inside = [starts, lasts](std::uint64_t run, std::uint64_t block) {
      const auto next = std::upper_bound(starts.begin(), starts.end(), Place(run, block));
      if (next == starts.begin())
         return false;
      const auto range = next - starts.begin() - 1;
      return starts[range].first == run && block <= lasts[range];
   };
   const auto whole = [](const std::string &name) { return "static_cast<std::uint64_t>(" + name + ")"; };
   return node.Define(column + "_run", whole("run"))
      .Define(column + "_block", whole("luminosity_block"))
      .Define(column, inside, {column + "_run", column + "_block"});
}

} // namespace mapless
#endif
#endif
