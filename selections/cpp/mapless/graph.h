#ifndef MAPLESS_GRAPH_H
#define MAPLESS_GRAPH_H
// The steps of a selection on nodes of RDataFrame, and the file that it ends in. Compiled once they spare every process
// seconds: called from Python, RDataFrame's own functions are templates that the interpreter must compile each time.

#include <ROOT/RDataFrame.hxx>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace mapless {

using Node = ROOT::RDF::RNode;
using Names = std::vector<std::string>;

/// Entries, sum of weights and sum of squared weights at a node, from the next event loop.
struct Tally {
   ROOT::RDF::RResultPtr<ULong64_t> entries;
   ROOT::RDF::RResultPtr<double> weighted, squared;

   std::array<double, 3> values();
};

/// A file with columns of the events at a node as an RNTuple, which the next event loop writes.
struct Snapshot {
   ROOT::RDF::RResultPtr<ROOT::RDF::RInterface<ROOT::Detail::RDF::RLoopManager>> written;

   void write();
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
Snapshot snapshot(Node node, const std::string &name, const std::string &path, const Names &columns,
                  std::size_t cluster_bytes);

/// Copies an RNTuple with its entries in the order of the integer columns `by`; false, and no copy, if they are in
/// order already.
bool sorted_copy(const std::string &name, const std::string &from, const std::string &to, const Names &by,
                 std::size_t cluster_bytes);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RNTupleView.hxx>
#include <ROOT/RNTupleWriteOptions.hxx>
#include <ROOT/RNTupleWriter.hxx>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace mapless {

std::array<double, 3> Tally::values()
{
   return {static_cast<double>(*entries), *weighted, *squared};
}

void Snapshot::write()
{
   *written;
}

Node open_files(const std::string &tree, const Names &paths)
{
   return ROOT::RDataFrame(tree, paths);
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

Snapshot snapshot(Node node, const std::string &name, const std::string &path, const Names &columns,
                  std::size_t cluster_bytes)
{
   ROOT::RDF::RSnapshotOptions options;
   options.fLazy = true;
   options.fOutputFormat = ROOT::RDF::ESnapshotOutputFormat::kRNTuple;
   options.fApproxZippedClusterSize = cluster_bytes / 2;
   options.fMaxUnzippedClusterSize = cluster_bytes;
   options.fMaxUnzippedPageSize = cluster_bytes / 16;
   return {node.Snapshot(name, path, columns, options)};
}

bool sorted_copy(const std::string &name, const std::string &from, const std::string &to, const Names &by,
                 std::size_t cluster_bytes)
{
   auto reader = ROOT::RNTupleReader::Open(name, from);
   std::vector<std::vector<std::uint64_t>> keys;
   for (const auto &column : by) {
      auto view = reader->GetView<std::uint64_t>(column);
      auto &values = keys.emplace_back();
      for (auto entry : reader->GetEntryRange())
         values.push_back(view(entry));
   }
   const auto before = [&keys](std::uint64_t a, std::uint64_t b) {
      for (const auto &values : keys)
         if (values[a] != values[b])
            return values[a] < values[b];
      return false;
   };
   std::vector<std::uint64_t> order(reader->GetNEntries());
   std::iota(order.begin(), order.end(), 0);
   if (std::is_sorted(order.begin(), order.end(), before))
      return false;
   std::stable_sort(order.begin(), order.end(), before);

   ROOT::RNTupleWriteOptions options;
   options.SetApproxZippedClusterSize(cluster_bytes / 2);
   options.SetMaxUnzippedPageSize(cluster_bytes / 16);
   options.SetMaxUnzippedClusterSize(cluster_bytes);
   auto writer = ROOT::RNTupleWriter::Recreate(reader->GetModel().Clone(), name, to, options);
   auto entry = reader->CreateEntry();
   auto written = writer->CreateEntry(); // an entry fits its own model only: both share the values
   for (const auto &value : *entry)
      written->BindRawPtr<void>(value.GetField().GetFieldName(), value.GetPtr<void>().get());
   for (auto row : order) {
      reader->LoadEntry(row, *entry);
      writer->Fill(*written);
   }
   return true;
}

} // namespace mapless
#endif
#endif
