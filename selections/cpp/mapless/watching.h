#ifndef MAPLESS_WATCHING_H
#define MAPLESS_WATCHING_H
// What goes wrong while ROOT reads a file: as exceptions that name it, not as messages and crashes. ROOT prints a
// message for most baskets that it cannot read, goes on with rubbish, and crashes later.

#include <ROOT/RDataFrame.hxx>

#include <cstddef>
#include <string>
#include <vector>

namespace mapless {

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
#include <TError.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <unistd.h>

namespace mapless {
namespace {

constexpr std::size_t longest = 1024;
constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
thread_local char file_at_work[longest] = "";
char last_file[longest] = ""; // of any thread: a connection is lost in a thread of its own
std::mutex last_file_lock;

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
   const char *file = *file_at_work ? file_at_work : last_file;
   write_text({"mapless: ", watch.what_failed, ": "});
   if (std::strstr(watch.first_error, "writing"))
      write_text({watch.first_error, "; is the disk full?\n"});
   else if (std::strstr(file, "://"))
      write_text({"ROOT crashed while it read ", file, " (", watch.first_error,
                  "); run the same command again when its server answers, or copy the file here\n"});
   else
      write_text({file, " is damaged, ROOT crashed while it read it (", watch.first_error,
                  "); copy it again, or leave it out by skip_bad_files\n"});
   _exit(2);
}

} // namespace

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
   const std::lock_guard<std::mutex> guard(last_file_lock);
   keep(last_file, path);
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
