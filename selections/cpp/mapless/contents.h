#ifndef MAPLESS_CONTENTS_H
#define MAPLESS_CONTENTS_H
// What a file of events holds, without an event loop.

#include <cstddef>
#include <string>
#include <vector>

#include "mapless/watching.h"

namespace mapless {

/// Number of events of a file and its columns, with the type of each as it is stored: "Float_t[nFatJet]". Of a tree
/// with friends only their names.
struct Contents {
   std::size_t n_events = 0;
   std::vector<std::string> names, types, friends;
};

Contents contents(const std::string &path, const std::string &tree, bool is_tree);

/// Reads columns of all events of a file, for the exceptions and crashes that this brings.
void read_through(const std::string &path, const std::string &tree, bool is_tree,
                  const std::vector<std::string> &columns);

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <ROOT/RNTupleDescriptor.hxx>
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RNTupleView.hxx>
#include <TBranch.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace mapless {
namespace {

std::string type_of(TBranch &branch)
{
   if (*branch.GetClassName())
      return branch.GetClassName();
   if (branch.GetListOfLeaves()->GetEntries() != 1)
      return "";
   const auto &leaf = *static_cast<TLeaf *>(branch.GetListOfLeaves()->At(0));
   const auto *counter = leaf.GetLeafCount();
   const std::string length = counter                   ? "[" + std::string(counter->GetName()) + "]"
                              : leaf.GetLenStatic() > 1 ? "[" + std::to_string(leaf.GetLenStatic()) + "]"
                                                        : "";
   return leaf.GetTypeName() + length;
}

std::string type_within(ROOT::RDF::RNode frame, const std::string &name)
{
   try {
      return frame.GetColumnType(name);
   } catch (const std::exception &) {
      return ""; // of a class that is not known here
   }
}

struct OpenTree {
   std::unique_ptr<TFile> file;
   TTree &tree;
};

OpenTree open_tree(const std::string &path, const std::string &name)
{
   std::unique_ptr<TFile> file(TFile::Open(path.c_str()));
   auto *tree = file ? file->Get<TTree>(name.c_str()) : nullptr;
   if (!tree)
      throw std::runtime_error("the tree " + name + " cannot be read");
   return {std::move(file), *tree};
}

} // namespace

Contents contents(const std::string &path, const std::string &tree, bool is_tree)
{
   Contents found;
   std::map<std::string, std::string> types;
   if (is_tree) {
      const auto opened = open_tree(path, tree);
      if (const auto *friends = opened.tree.GetListOfFriends(); friends && friends->GetEntries()) {
         for (const auto *one : *friends)
            found.friends.push_back(one->GetName());
         return found;
      }
      found.n_events = opened.tree.GetEntries();
      for (auto *branch : *opened.tree.GetListOfBranches())
         types[branch->GetName()] = type_of(*static_cast<TBranch *>(branch));
   } else {
      const auto reader = ROOT::RNTupleReader::Open(tree, path);
      found.n_events = reader->GetNEntries();
      for (const auto &field : reader->GetDescriptor().GetTopLevelFields())
         types[field.GetFieldName()] = field.GetTypeName();
   }
   if (!found.n_events) // nothing can be asked of a tree without branches
      return found;
   ROOT::RDataFrame frame(tree, path);
   found.names = frame.GetColumnNames();
   for (const auto &name : found.names) {
      const bool within = !types.count(name) && name.find('.') != std::string::npos; // another branch or field
      found.types.push_back(within ? type_within(frame, name) : types[name]);
   }
   return found;
}

void read_through(const std::string &path, const std::string &tree, bool is_tree,
                  const std::vector<std::string> &columns)
{
   note_file(path);
   if (is_tree) {
      const auto opened = open_tree(path, tree);
      opened.tree.SetBranchStatus("*", false);
      for (const auto &column : columns)
         opened.tree.SetBranchStatus(column.c_str(), true);
      for (Long64_t entry = 0; entry < opened.tree.GetEntries(); ++entry)
         if (opened.tree.GetEntry(entry) < 0)
            throw std::runtime_error("entry " + std::to_string(entry) + " cannot be read");
      return;
   }
   const auto described = ROOT::RNTupleReader::Open(tree, path);
   const auto &descriptor = described->GetDescriptor();
   auto model = ROOT::RNTupleModel::Create();
   for (const auto &column : columns)
      model->AddField(descriptor.GetFieldDescriptor(descriptor.FindFieldId(column)).CreateField(descriptor));
   const auto reader = ROOT::RNTupleReader::Open(std::move(model), tree, path);
   for (auto entry : reader->GetEntryRange())
      reader->LoadEntry(entry);
}

} // namespace mapless
#endif
#endif
