#ifndef MAPLESS_CORRECTIONS_H
#define MAPLESS_CORRECTIONS_H
// Corrections of correctionlib (https://cms-nanoaod.github.io/correctionlib) in expressions of columns.

#include <ROOT/RVec.hxx>

#include <cstddef>
#include <string>
#include <vector>

namespace mapless {

/// Reads a correction, or a compound one, and gives the number by which `corrected` knows it. Inputs that are not among
/// `texts` are numbers; the others have the given text always.
int load_correction(const std::string &file, const std::string &name, const std::vector<std::string> &inputs,
                    const std::vector<std::string> &texts);

/// The values of a correction for `size` objects; each input has a value for every object or one for all.
ROOT::RVecF corrected(int correction, std::size_t size, const std::vector<ROOT::RVecD> &inputs);

/// The values of an input: many, or one.
template <typename T>
ROOT::RVecD input(const ROOT::RVec<T> &values)
{
   return ROOT::RVecD(values.begin(), values.end());
}

template <typename T>
ROOT::RVecD input(const T &value)
{
   return ROOT::RVecD{static_cast<double>(value)};
}

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <correction.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>

namespace mapless {
namespace {

using Value = correction::Variable::Type;
using Kind = correction::Variable::VarType;

struct LoadedCorrection {
   std::string name;
   correction::Correction::Ref simple;
   correction::CompoundCorrection::Ref compound;
   std::vector<Value> values;      // with the texts in their places
   std::vector<std::size_t> given; // places of the inputs that come from columns
   std::vector<bool> integer;

   double evaluate(const std::vector<Value> &all) const { return simple ? simple->evaluate(all) : compound->evaluate(all); }
};

std::vector<LoadedCorrection> &loaded()
{
   static std::vector<LoadedCorrection> corrections;
   return corrections;
}

} // namespace

int load_correction(const std::string &file, const std::string &name, const std::vector<std::string> &inputs,
                    const std::vector<std::string> &texts)
{
   static std::map<std::tuple<std::string, std::string, std::vector<std::string>>, int> known;
   static std::mutex mutex;
   const std::lock_guard<std::mutex> lock(mutex);
   const auto key = std::make_tuple(file, name, texts);
   if (const auto found = known.find(key); found != known.end())
      return found->second;
   const auto set = correction::CorrectionSet::from_file(file);
   LoadedCorrection made{name, nullptr, nullptr, {}, {}, {}};
   const auto &compounds = set->compound();
   if (const auto compound = compounds.find(name); compound != compounds.end())
      made.compound = compound->second;
   else
      made.simple = set->at(name);
   const auto &variables = made.simple ? made.simple->inputs() : made.compound->inputs();
   for (std::size_t place = 0; place < variables.size(); ++place) {
      const auto text = std::find(inputs.begin(), inputs.end(), variables[place].name());
      made.values.emplace_back(text == inputs.end() ? Value(0.) : Value(texts[text - inputs.begin()]));
      if (text != inputs.end())
         continue;
      made.given.push_back(place);
      made.integer.push_back(variables[place].type() == Kind::integer);
   }
   loaded().push_back(std::move(made));
   return known[key] = static_cast<int>(loaded().size()) - 1;
}

ROOT::RVecF corrected(int number, std::size_t size, const std::vector<ROOT::RVecD> &inputs)
{
   const auto &correction = loaded().at(number);
   auto values = correction.values;
   ROOT::RVecF result(size);
   for (std::size_t object = 0; object < size; ++object) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
         const auto &input = inputs[i];
         if (input.size() != size && input.size() != 1)
            throw std::length_error(correction.name + ": an event has " + std::to_string(input.size()) +
                                    " values of an input for " + std::to_string(size) + " objects");
         const double value = input[input.size() == 1 ? 0 : object];
         if (correction.integer[i])
            values[correction.given[i]] = static_cast<int>(std::lround(value));
         else
            values[correction.given[i]] = value;
      }
      try {
         result[object] = correction.evaluate(values);
      } catch (const std::exception &error) {
         throw std::runtime_error(correction.name + ": " + error.what());
      }
   }
   return result;
}

} // namespace mapless
#endif
#endif
