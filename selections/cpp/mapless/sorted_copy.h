#ifndef MAPLESS_SORTED_COPY_H
#define MAPLESS_SORTED_COPY_H
// RNTuples that several event loops or threads have written, as one in the order of their events.

#include <cstddef>
#include <string>
#include <vector>

namespace mapless {

using Names = std::vector<std::string>;

/// Copies RNTuples into one with its entries in the order of the integer columns `by`; false, and no copy, if there is
/// but one and they are in order already.
bool sorted_copy(const std::string &name, const Names &from, const std::string &to, const Names &by,
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
#include <memory>
#include <utility>

namespace mapless {
namespace {

/// A model with the columns of another file, however many bits it gives them.
std::unique_ptr<ROOT::RNTupleModel> like(ROOT::RNTupleReader &reader)
{
   auto model = ROOT::RNTupleModel::Create();
   for (const auto &field : reader.GetDescriptor().GetTopLevelFields())
      model->AddField(ROOT::RFieldBase::Create(field.GetFieldName(), field.GetTypeName()).Unwrap());
   return model;
}

} // namespace

bool sorted_copy(const std::string &name, const Names &from, const std::string &to, const Names &by,
                 std::size_t cluster_bytes)
{
   std::vector<std::unique_ptr<ROOT::RNTupleReader>> readers;
   std::vector<std::pair<std::size_t, std::uint64_t>> order; // of reader and row
   std::vector<std::vector<std::vector<std::uint64_t>>> keys; // by reader and column
   for (const auto &path : from) {
      // all with the types of the first, into which ROOT turns the others or refuses
      readers.push_back(readers.empty() ? ROOT::RNTupleReader::Open(name, path)
                                        : ROOT::RNTupleReader::Open(like(*readers[0]), name, path));
      auto &reader = *readers.back();
      auto &columns = keys.emplace_back();
      for (const auto &column : by) {
         auto view = reader.GetView<std::uint64_t>(column);
         auto &values = columns.emplace_back();
         for (auto entry : reader.GetEntryRange())
            values.push_back(view(entry));
      }
      for (auto entry : reader.GetEntryRange())
         order.emplace_back(readers.size() - 1, entry);
   }
   const auto before = [&keys](const auto &a, const auto &b) {
      for (std::size_t i = 0; i < keys[a.first].size(); ++i)
         if (keys[a.first][i][a.second] != keys[b.first][i][b.second])
            return keys[a.first][i][a.second] < keys[b.first][i][b.second];
      return false;
   };
   if (from.size() == 1 && std::is_sorted(order.begin(), order.end(), before))
      return false;
   std::stable_sort(order.begin(), order.end(), before);

   ROOT::RNTupleWriteOptions options;
   options.SetApproxZippedClusterSize(cluster_bytes / 2);
   options.SetMaxUnzippedPageSize(cluster_bytes / 16);
   options.SetMaxUnzippedClusterSize(cluster_bytes);
   auto writer = ROOT::RNTupleWriter::Recreate(readers[0]->GetModel().Clone(), name, to, options);
   auto written = writer->CreateEntry(); // an entry fits its own model only: all share the values
   std::vector<std::unique_ptr<ROOT::REntry>> entries;
   for (auto &reader : readers) {
      auto &entry = *entries.emplace_back(reader->CreateEntry());
      for (const auto &value : *written)
         entry.BindRawPtr<void>(value.GetField().GetFieldName(), value.GetPtr<void>().get());
   }
   for (const auto &[reader, row] : order) {
      readers[reader]->LoadEntry(row, *entries[reader]);
      writer->Fill(*written);
   }
   writer->CommitDataset();
   return true;
}

} // namespace mapless
#endif
#endif
