#ifndef MAPLESS_GRAPH_H
#define MAPLESS_GRAPH_H
// The steps of a selection on nodes of RDataFrame, and the file that it ends in. Compiled once they spare every process
// seconds: called from Python, RDataFrame's own functions are templates that the interpreter must compile each time.

#include <ROOT/RDataFrame.hxx>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "mapless/reading.h"
#include "mapless/sorted_copy.h"

namespace mapless {

using Node = ROOT::RDF::RNode;

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

/// The node, with an exception for an event in which a column of many values is not as long as another. Doubles
/// become floats, as the functions of jets take them.
Node as_long_as(Node node, const std::string &column, const std::string &like);

/// The node, with the values of a column of many values in an order, that of their indices in another column.
Node in_order(Node node, const std::string &column, const std::string &order);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

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

namespace {

/// Calls a function with a value of the type of the numbers in a column of many values.
template <typename Function>
Node with_number_of(Node &node, const std::string &column, Function function)
{
   const auto type = node.GetColumnType(column);
   const auto start = type.rfind('<') + 1, stop = type.find('>');
   const auto number = type.substr(start, stop - start);
   const auto is = [&number](auto... names) { return ((number == names) || ...); };
   if (is("float", "Float_t"))
      return function(float{});
   if (is("double", "Double_t"))
      return function(double{});
   if (is("bool", "Bool_t"))
      return function(bool{});
   if (is("char", "Char_t", "signed char", "std::int8_t"))
      return is("char", "Char_t") ? function(char{}) : function(std::int8_t{});
   if (is("unsigned char", "UChar_t", "std::uint8_t"))
      return function(std::uint8_t{});
   if (is("short", "Short_t", "std::int16_t"))
      return function(std::int16_t{});
   if (is("unsigned short", "UShort_t", "std::uint16_t"))
      return function(std::uint16_t{});
   if (is("int", "Int_t", "std::int32_t"))
      return function(std::int32_t{});
   if (is("unsigned int", "UInt_t", "std::uint32_t"))
      return function(std::uint32_t{});
   if (is("long", "Long64_t", "std::int64_t"))
      return is("Long64_t") ? function(Long64_t{}) : function(std::int64_t{});
   if (is("unsigned long", "ULong64_t", "std::uint64_t"))
      return is("ULong64_t") ? function(ULong64_t{}) : function(std::uint64_t{});
   throw std::invalid_argument(column + " is of type " + type + ", which is no list of numbers");
}

/// Columns of events that a message names them by: their numbers, or else their places in the files.
std::string event_number(Node &node)
{
   const auto names = node.GetColumnNames();
   if (std::find(names.begin(), names.end(), "event") == names.end())
      return "rdfentry_";
   return node.GetColumnType("event") == "ULong64_t" ? "event" : "rdfentry_";
}

} // namespace

Node as_long_as(Node node, const std::string &column, const std::string &like)
{
   const auto length = "mapless_length_of_" + like;
   const auto names = node.GetColumnNames();
   if (std::find(names.begin(), names.end(), length) == names.end())
      node = with_number_of(node, like, [&](auto number) -> Node {
         return node.Define(length, [](const ROOT::RVec<decltype(number)> &values) { return values.size(); }, {like});
      });
   return with_number_of(node, column, [&](auto number) -> Node {
      using Number = decltype(number);
      using Kept = std::conditional_t<std::is_same_v<Number, double>, float, Number>;
      const auto checked = [column, like](const ROOT::RVec<Number> &values, std::size_t expected, ULong64_t event) {
         if (values.size() != expected)
            throw std::length_error(noted_file() + ": " + column + " has " + std::to_string(values.size()) +
                                    " values in event " + std::to_string(event) + ", but " + like + " has " +
                                    std::to_string(expected));
         return ROOT::RVec<Kept>(values.begin(), values.end());
      };
      return node.Redefine(column, checked, {column, length, event_number(node)});
   });
}

Node in_order(Node node, const std::string &column, const std::string &order)
{
   return with_number_of(node, column, [&](auto number) -> Node {
      using Number = decltype(number);
      const auto ordered = [column](const ROOT::RVec<Number> &values, const ROOT::RVecI &indices) {
         if (values.size() != indices.size())
            throw std::length_error(noted_file() + ": an event has " + std::to_string(values.size()) + " values of " +
                                    column + " for " + std::to_string(indices.size()) + " jets");
         ROOT::RVec<Number> found;
         found.reserve(values.size());
         for (auto index : indices)
            found.push_back(values[index]);
         return found;
      };
      return node.Redefine(column, ordered, {column, order});
   });
}

} // namespace mapless
#endif
#endif
