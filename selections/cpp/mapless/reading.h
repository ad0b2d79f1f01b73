#ifndef MAPLESS_READING_H
#define MAPLESS_READING_H
// What a file holds, and what goes wrong while ROOT reads it: as exceptions that name the file, not as messages and
// crashes. ROOT prints a message for most baskets that it cannot read, goes on with rubbish, and crashes later.

#include <ROOT/RDataFrame.hxx>

#include <cstddef>
#include <string>
#include <vector>

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

/// The node, with a column by which every thread of its event loop notes the file that it reads.
ROOT::RDF::RNode noting_files(ROOT::RDF::RNode node);

/// From now on this thread reads a file.
void note_file(const std::string &path);

/// The file that this thread reads.
std::string noted_file();

/// Until `stop_watching` a basket that cannot be read is an exception, and a crash removes the `unfinished` files and
/// ends the process with exit code 2 and one line in `output`: what failed, and what ROOT has complained about.
void start_watching(int output, const std::string &what_failed, const std::vector<std::string> &unfinished);

/// Ends it, and tells the first error that ROOT reported meanwhile, or nothing.
std::string stop_watching();

} // namespace mapless

#ifndef MAPLESS_COMPILED
#include <ROOT/RNTupleDescriptor.hxx>
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RNTupleView.hxx>
#include <TBranch.h>
#include <TError.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unistd.h>

namespace mapless {
namespace {

constexpr std::size_t longest = 1024;
constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
thread_local char file_at_work[longest] = "";

/// What is said when something goes wrong, in arrays: who handles a crash must not allocate.
struct Watch {
   char first_error[longest] = "", what_failed[longest] = "";
   std::vector<std::string> unfinished;
   int output = 2;
};
Watch watch;
std::vector<Watch> watches_outside; // a loop may be watched inside of another one
std::mutex first_error_lock;
ErrorHandlerFunc_t handler_before = nullptr;
struct sigaction actions_before[std::size(crashes)];

void keep(char *where, const std::string &text)
{
   std::snprintf(where, longest, "%s", text.c_str());
}

bool begins(const char *text, const char *with)
{
   return text && std::strncmp(text, with, std::strlen(with)) == 0;
}

void on_message(int level, Bool_t abort, const char *where, const char *message)
{
   const bool of_reading = begins(where, "TBasket::") || begins(where, "TBranch::GetBasket");
   if (level >= kError || (of_reading && level >= kWarning)) {
      const std::lock_guard<std::mutex> guard(first_error_lock);
      if (!*watch.first_error)
         keep(watch.first_error, message);
   }
   if (of_reading && level >= kWarning)
      throw std::runtime_error(std::string(file_at_work) + " is damaged (" + message +
                               "); copy it again, or leave it out by skip_bad_files");
   handler_before(level, abort, where, message);
}

void write_text(std::initializer_list<const char *> texts)
{
   for (const auto *text : texts)
      if (write(watch.output, text, std::strlen(text)) < 0)
         _exit(2);
}

void on_crash(int)
{
   for (const auto &outside : watches_outside)
      for (const auto &file : outside.unfinished)
         unlink(file.c_str());
   for (const auto &file : watch.unfinished)
      unlink(file.c_str());
   write_text({"mapless: ", watch.what_failed, ": "});
   if (std::strstr(watch.first_error, "writing"))
      write_text({watch.first_error, "; is the disk full?\n"});
   else
      write_text({file_at_work, " is damaged, ROOT crashed while it read it (", watch.first_error,
                  "); copy it again, or leave it out by skip_bad_files\n"});
   _exit(2);
}

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
   found.names = ROOT::RDataFrame(tree, path).GetColumnNames();
   for (const auto &name : found.names)
      found.types.push_back(types[name]);
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

ROOT::RDF::RNode noting_files(ROOT::RDF::RNode node)
{
   return node.DefinePerSample("mapless_reading", [](unsigned, const ROOT::RDF::RSampleInfo &sample) {
      const auto &text = sample.AsString(); // the path, a slash and the tree
      note_file(text.substr(0, text.rfind('/')));
      return true;
   });
}

void note_file(const std::string &path)
{
   keep(file_at_work, path);
}

std::string noted_file()
{
   return file_at_work;
}

void start_watching(int output, const std::string &what_failed, const std::vector<std::string> &unfinished)
{
   watches_outside.push_back(watch);
   watch = {};
   watch.output = output;
   keep(watch.what_failed, what_failed);
   watch.unfinished = unfinished;
   if (watches_outside.size() > 1)
      return; // the handlers are there: put in again they would call themselves without end
   handler_before = SetErrorHandler(on_message);
   struct sigaction action {};
   action.sa_handler = on_crash;
   for (std::size_t i = 0; i < std::size(crashes); ++i)
      sigaction(crashes[i], &action, &actions_before[i]);
}

std::string stop_watching()
{
   const std::string found = watch.first_error;
   watch = watches_outside.back();
   watches_outside.pop_back();
   if (!watches_outside.empty())
      return found;
   SetErrorHandler(handler_before);
   for (std::size_t i = 0; i < std::size(crashes); ++i)
      sigaction(crashes[i], &actions_before[i], nullptr);
   return found;
}

} // namespace mapless
#endif
#endif
