#ifndef MAPLESS_LISTS_H
#define MAPLESS_LISTS_H
// Columns with a list of numbers in every event, of whatever type the file stores.

#include <ROOT/RDataFrame.hxx>

#include <string>

#include "mapless/watching.h"

namespace mapless {

using Node = ROOT::RDF::RNode;

/// The node, with an exception for an event in which a column of many values is not as long as another. Doubles
/// become floats, as the functions of jets take them.
Node as_long_as(Node node, const std::string &column, const std::string &like);

/// The node, with a copy of a column whose name is none in C++, such as "Jet.PT"; expressions know the copy by `name`.
/// Raises an exception for anything but numbers, momenta and arrays of five of either, single ones or lists of them.
Node copied(Node node, const std::string &name, const std::string &column);

/// The node, with the values of a column of many values in an order, that of their indices in another column.
Node in_order(Node node, const std::string &column, const std::string &order);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <TLorentzVector.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

namespace mapless {
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

namespace {

template <typename Value>
Node copy_of(Node &node, const std::string &name, const std::string &column)
{
   return node.Define(name, [](const Value &value) { return value; }, {column});
}

} // namespace

Node copied(Node node, const std::string &name, const std::string &column)
{
   const auto type = node.GetColumnType(column);
   const auto holds = [&type](const char *part) { return type.find(part) != std::string::npos; };
   if (holds("array<Float_t, 5>"))
      return copy_of<ROOT::RVec<std::array<float, 5>>>(node, name, column);
   if (holds("array<TLorentzVector, 5>"))
      return copy_of<ROOT::RVec<std::array<TLorentzVector, 5>>>(node, name, column);
   if (holds("TLorentzVector"))
      return copy_of<ROOT::RVec<TLorentzVector>>(node, name, column);
   if (holds("RVec<ROOT::VecOps::RVec<"))
      return copy_of<ROOT::RVec<ROOT::RVec<std::uint32_t>>>(node, name, column);
   return with_number_of(node, column, [&](auto number) {
      using Number = decltype(number);
      return holds("RVec<") ? copy_of<ROOT::RVec<Number>>(node, name, column) : copy_of<Number>(node, name, column);
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
