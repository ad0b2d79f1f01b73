#ifndef MAPLESS_GRAPH_H
#define MAPLESS_GRAPH_H
// The steps of a selection on nodes of RDataFrame, and the file that it ends in. Compiled once they spare every process
// seconds: called from Python, RDataFrame's own functions are templates that the interpreter must compile each time.
// With all that reads files it is one library, since there is one record of the file that a thread reads.

#include <ROOT/RDataFrame.hxx>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "mapless/contents.h"
#include "mapless/lists.h"
#include "mapless/sorted_copy.h"
#include "mapless/watching.h"

namespace mapless {

/// Entries, sum of weights and sum of squared weights at a node, from the next event loop.
struct Tally {
   ROOT::RDF::RResultPtr<ULong64_t> entries;
   ROOT::RDF::RResultPtr<double> weighted, squared;

   std::array<double, 3> values();
};

/// Sums of the weight times each of many numbers in every event, from the next event loop.
struct WeightedSums {
   ROOT::RDF::RResultPtr<std::vector<double>> sums;

   std::vector<double> values() { return *sums; }
};

/// A file with columns of the events at a node as an RNTuple, which the next event loop writes.
struct Snapshot {
   ROOT::RDF::RResultPtr<ROOT::RDF::RInterface<ROOT::Detail::RDF::RLoopManager>> written;
   ROOT::RDF::RResultPtr<ULong64_t> entries;

   /// Runs the loop, if nothing did so far, and tells how many entries the file must have once it is closed.
   ULong64_t write();
};

Node open_files(const std::string &tree, const Names &paths);
Names column_names(Node node);
std::string column_type(Node node, const std::string &column);
bool has_variations(Node node);
Node define(Node node, const std::string &column, const std::string &expression);
Node redefine(Node node, const std::string &column, const std::string &expression);
Node alias(Node node, const std::string &name, const std::string &column);
Node filter(Node node, const std::string &expression, const std::string &title);
Tally tally(Node node, const std::string &weight, const std::string &squared_weight);
/// `numbers` is a column of floats, as many in every event.
WeightedSums weighted_sums(Node node, const std::string &weight, const std::string &numbers);
Snapshot snapshot(Node node, const std::string &name, const std::string &path, const Names &columns,
                  std::size_t cluster_bytes);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <algorithm>

namespace mapless {

std::array<double, 3> Tally::values()
{
   return {static_cast<double>(*entries), *weighted, *squared};
}

ULong64_t Snapshot::write()
{
   *written;
   return *entries;
}

Node open_files(const std::string &tree, const Names &paths)
{
   return noting_files(ROOT::RDataFrame(tree, paths));
}

Names column_names(Node node)
{
   return node.GetColumnNames();
}

std::string column_type(Node node, const std::string &column)
{
   return node.GetColumnType(column);
}

bool has_variations(Node node)
{
   return !node.GetVariations().AsString().empty();
}

Node define(Node node, const std::string &column, const std::string &expression)
{
   return node.Define(column, expression);
}

Node redefine(Node node, const std::string &column, const std::string &expression)
{
   return node.Redefine(column, expression);
}

Node alias(Node node, const std::string &name, const std::string &column)
{
   return node.Alias(name, column);
}

Node filter(Node node, const std::string &expression, const std::string &title)
{
   return node.Filter(expression, title);
}

Tally tally(Node node, const std::string &weight, const std::string &squared_weight)
{
   return {node.Count(), node.Sum<double>(weight), node.Sum<double>(squared_weight)};
}

WeightedSums weighted_sums(Node node, const std::string &weight, const std::string &numbers)
{
   using Values = std::vector<double>;
   const auto add = [](Values &sums, const ROOT::RVecD &values) {
      sums.resize(std::max(sums.size(), values.size()));
      for (std::size_t i = 0; i < values.size(); ++i)
         sums[i] += values[i];
   };
   const auto add_threads = [add](std::vector<Values> &all) {
      for (std::size_t i = 1; i < all.size(); ++i)
         add(all[0], ROOT::RVecD(all[i].begin(), all[i].end()));
   };
   const auto product = [](double w, const ROOT::RVecF &values) { return w * ROOT::RVecD(values.begin(), values.end()); };
   const auto column = "mapless_weighted_" + numbers;
   return {node.Define(column, product, {weight, numbers}).Aggregate(add, add_threads, column, Values{})};
}

Snapshot snapshot(Node node, const std::string &name, const std::string &path, const Names &columns,
                  std::size_t cluster_bytes)
{
   ROOT::RDF::RSnapshotOptions options;
   options.fLazy = true;
   options.fOutputFormat = ROOT::RDF::ESnapshotOutputFormat::kRNTuple;
   options.fApproxZippedClusterSize = cluster_bytes / 2;
   options.fMaxUnzippedClusterSize = cluster_bytes;
   options.fMaxUnzippedPageSize = cluster_bytes / 16;
   return {node.Snapshot(name, path, columns, options), node.Count()};
}

} // namespace mapless
#endif
#endif
