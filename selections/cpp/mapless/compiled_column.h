#ifndef MAPLESS_COMPILED_COLUMN_H
#define MAPLESS_COMPILED_COLUMN_H
// Columns and cuts of RDataFrame whose expressions are functions that are there already, see "mapless/expression.h".

#include <ROOT/RDataFrame.hxx>

#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "mapless/expression.h"

namespace mapless {

/// A function of columns as an expression is one, but it may hold values.
struct Function {
   const std::type_info *result;
   std::vector<const std::type_info *> arguments;
   void *(*create)();
   void (*destroy)(void *result);
   std::function<void(void *const *arguments, void *result)> evaluate;
};

/// The node with a column that a function makes of others; one of that name is replaced. RDataFrame's own Define takes
/// a hundred times longer to compile for each function.
ROOT::RDF::RNode define_by(ROOT::RDF::RNode node, const std::string &name, const Function &function,
                           const std::vector<std::string> &columns);

/// The same for a function of arguments of these types.
template <typename... Arguments, typename F>
ROOT::RDF::RNode define_of(ROOT::RDF::RNode node, const std::string &name, F function,
                           const std::vector<std::string> &columns)
{
   using Result = std::decay_t<std::invoke_result_t<F, const Arguments &...>>;
   const auto evaluate = [function](void *const *values, void *result) {
      auto value = values;
      // in braces the order of evaluation is that of the arguments
      const std::tuple<const Arguments &...> arguments{*static_cast<const Arguments *>(*value++)...};
      *static_cast<Result *>(result) = std::apply(function, arguments);
   };
   return define_by(node, name,
                    {&typeid(Result), {&typeid(Arguments)...}, [] { return static_cast<void *>(new Result{}); },
                     [](void *result) { delete static_cast<Result *>(result); }, evaluate},
                    columns);
}

bool has_expression(const std::string &key);

/// The type of its result, as ROOT spells it; raises an exception where there is none.
std::string expression_type(const std::string &key);

/// Types of columns of a node; empty for those that it has not.
std::vector<std::string> column_types(ROOT::RDF::RNode node, const std::vector<std::string> &columns);

/// The node with a column that an expression makes of others; one of that name is replaced.
ROOT::RDF::RNode define_compiled(ROOT::RDF::RNode node, const std::string &name, const std::string &key,
                                 const std::vector<std::string> &columns);

/// The events for which an expression of type bool is true.
ROOT::RDF::RNode filter_compiled(ROOT::RDF::RNode node, const std::string &key,
                                 const std::vector<std::string> &columns, const std::string &title);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <unordered_map>

namespace mapless {
namespace {

std::map<std::string, Expression> &expressions()
{
   static std::map<std::string, Expression> all;
   return all;
}

std::string type_name(const std::type_info &type)
{
   const auto known = ROOT::Internal::RDF::TypeID2TypeName(type);
   return known.empty() ? "CLING_UNKNOWN_TYPE_" + ROOT::Internal::RDF::DemangleTypeIdName(type) : known;
}

/// What RDataFrame's own RDefine does, for a function that is not known before the program runs.
class CompiledColumn final : public ROOT::Detail::RDF::RDefineBase {
   using Reader = ROOT::Detail::RDF::RColumnReaderBase;
   using Register = ROOT::Internal::RDF::RColumnRegister;
   using Loop = ROOT::Detail::RDF::RLoopManager;

   struct Slot {
      std::unique_ptr<void, void (*)(void *)> result;
      std::vector<Reader *> readers;
      std::vector<void *> values;
      Long64_t entry = -1;
   };
   const Function fFunction;
   const std::vector<std::string> fInputs;
   std::vector<Slot> fSlots;
   std::unordered_map<std::string, std::unique_ptr<RDefineBase>> fVaried;

public:
   CompiledColumn(const std::string &name, const Function &function, const std::vector<std::string> &columns,
                  const Register &known, Loop &loop, const std::string &variation = "nominal")
      : RDefineBase(name, type_name(*function.result), known, loop, columns, variation), fFunction(function), fInputs(columns)
   {
      for (unsigned int i = 0; i < loop.GetNSlots(); ++i)
         fSlots.push_back({{function.create(), function.destroy}, {}, std::vector<void *>(columns.size())});
      fLoopManager->Register(this);
   }
   ~CompiledColumn() override { fLoopManager->Deregister(this); }

   void InitSlot(TTreeReader *tree, unsigned int slot) override
   {
      fSlots[slot].readers = ROOT::Internal::RDF::GetUntypedColumnReaders(
         slot, tree, fColRegister, *fLoopManager, fInputs, fFunction.arguments, fVariation);
      fSlots[slot].entry = -1;
   }
   void *GetValuePtr(unsigned int slot) override { return fSlots[slot].result.get(); }
   const std::type_info &GetTypeId() const override { return *fFunction.result; }
   void Update(unsigned int slot, Long64_t entry) override
   {
      auto &at = fSlots[slot];
      if (entry == at.entry)
         return;
      for (std::size_t i = 0; i < at.values.size(); ++i) {
         at.values[i] = at.readers[i]->TryGet<void>(entry);
         if (!at.values[i])
            throw std::out_of_range("column " + fInputs[i] + " has no value in entry " + std::to_string(entry));
      }
      fFunction.evaluate(at.values.data(), at.result.get());
      at.entry = entry;
   }
   void FinalizeSlot(unsigned int slot) override
   {
      fSlots[slot].readers.clear();
      for (auto &varied : fVaried)
         varied.second->FinalizeSlot(slot);
   }
   void MakeVariations(const std::vector<std::string> &variations) override
   {
      for (const auto &variation : variations)
         if (depends_on(variation) && !fVaried.count(variation))
            fVaried[variation] =
               std::make_unique<CompiledColumn>(fName, fFunction, fInputs, fColRegister, *fLoopManager, variation);
   }
   RDefineBase &GetVariedDefine(const std::string &variation) override
   {
      const auto varied = fVaried.find(variation);
      return varied == fVaried.end() ? *this : *varied->second;
   }

private:
   bool depends_on(const std::string &variation) const
   {
      return std::find(fVariationDeps.begin(), fVariationDeps.end(), variation) != fVariationDeps.end();
   }
};

/// A node that takes columns of the kind above.
class OpenNode : public ROOT::RDF::RNode {
public:
   explicit OpenNode(const ROOT::RDF::RNode &node) : ROOT::RDF::RNode(node) {}

   ROOT::RDF::RNode with(const std::string &name, const Function &function, const std::vector<std::string> &columns)
   {
      const auto inputs = GetValidatedColumnNames(columns.size(), columns);
      CheckAndFillDSColumns(inputs, function.arguments);
      auto known = fColRegister;
      known.AddDefine(std::make_shared<CompiledColumn>(name, function, inputs, fColRegister, *fLoopManager));
      return OpenNode(GetProxiedPtr(), *fLoopManager, known);
   }

private:
   using Proxied = std::decay_t<decltype(std::declval<OpenNode &>().GetProxiedPtr())>;
   OpenNode(const Proxied &node, ROOT::Detail::RDF::RLoopManager &loop,
            const ROOT::Internal::RDF::RColumnRegister &columns)
      : ROOT::RDF::RNode(node, loop, columns)
   {
   }
};

} // namespace

bool add_expression(const char *key, const Expression &expression)
{
   expressions().emplace(key, expression);
   return true;
}

bool has_expression(const std::string &key)
{
   return expressions().count(key) > 0;
}

std::string expression_type(const std::string &key)
{
   return type_name(*expressions().at(key).result);
}

std::vector<std::string> column_types(ROOT::RDF::RNode node, const std::vector<std::string> &columns)
{
   std::vector<std::string> types;
   for (const auto &column : columns)
      types.push_back(node.HasColumn(column) ? node.GetColumnType(column) : "");
   return types;
}

ROOT::RDF::RNode define_by(ROOT::RDF::RNode node, const std::string &name, const Function &function,
                           const std::vector<std::string> &columns)
{
   return OpenNode(node).with(name, function, columns);
}

ROOT::RDF::RNode define_compiled(ROOT::RDF::RNode node, const std::string &name, const std::string &key,
                                 const std::vector<std::string> &columns)
{
   const auto &one = expressions().at(key);
   return define_by(node, name,
                    {one.result, {one.arguments, one.arguments + one.n_arguments}, one.create, one.destroy, one.evaluate},
                    columns);
}

ROOT::RDF::RNode filter_compiled(ROOT::RDF::RNode node, const std::string &key,
                                 const std::vector<std::string> &columns, const std::string &title)
{
   const auto passes = "R_rdf_mapless_" + key + "_"; // RDataFrame lists no columns of such names
   return define_compiled(node, passes, key, columns).Filter([](bool is_true) { return is_true; }, {passes}, title);
}

} // namespace mapless
#endif
#endif
