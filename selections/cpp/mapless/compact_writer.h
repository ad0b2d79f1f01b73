// A compact RNTuple: every float column with as many bits as its meaning needs.
#ifndef MAPLESS_COMPACT_WRITER_H
#define MAPLESS_COMPACT_WRITER_H

#include <ROOT/RField.hxx>
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleWriter.hxx>

#include <algorithm>
#include <array>
#include <functional>

namespace mapless {

/// Writes flat arrays as event columns: declare the columns, `open`, then for every part of the events point
/// to their arrays with `column` and `fill`; at last `close`.
class CompactWriter {
  using Row = std::function<void(long event)>;
  std::unique_ptr<ROOT::RNTupleModel> model = ROOT::RNTupleModel::Create();
  std::unique_ptr<ROOT::RNTupleWriter> writer;
  std::unique_ptr<ROOT::REntry> entry;
  std::vector<std::function<void()>> pending;  // what binds the columns to the entry, once there is one
  std::vector<Row> rows;
  std::vector<const void *> data, offsets;

  /// The float stored in `bits` bits: truncated where low == high, else quantised over [low, high].
  static std::unique_ptr<ROOT::RField<float>> compact(const std::string &name, int bits, double low,
                                                      double high) {
    auto field = std::make_unique<ROOT::RField<float>>(name);
    if (low < high)
      field->SetQuantized(bits, {low, high});
    else if (bits < 32)
      field->SetTruncated(bits);
    return field;
  }
  int new_column() {
    data.push_back(nullptr);
    offsets.push_back(nullptr);
    return data.size() - 1;
  }
  template <typename T> void add_jagged(const std::string &name, std::unique_ptr<ROOT::RFieldBase> item) {
    const int column = new_column();
    model->AddField(std::make_unique<ROOT::RVectorField>(name, std::move(item)));
    pending.push_back([this, name, column] {
      auto value = entry->GetPtr<std::vector<T>>(name);
      rows.push_back([this, value, column](long event) {
        const auto *first = static_cast<const T *>(data[column]);
        const auto *start = static_cast<const long *>(offsets[column]);
        value->assign(first + start[event], first + start[event + 1]);
      });
    });
  }

public:
  template <typename T> void scalar(const std::string &name) {
    const int column = new_column();
    model->MakeField<T>(name);
    pending.push_back([this, name, column] {
      auto value = entry->GetPtr<T>(name);
      rows.push_back([this, value, column](long event) { *value = static_cast<const T *>(data[column])[event]; });
    });
  }
  /// A column of N numbers in every event.
  template <typename T, std::size_t N> void fixed(const std::string &name) {
    const int column = new_column();
    model->MakeField<std::array<T, N>>(name);
    pending.push_back([this, name, column] {
      auto value = entry->GetPtr<std::array<T, N>>(name);
      rows.push_back([this, value, column](long event) {
        std::copy_n(static_cast<const T *>(data[column]) + event * N, N, value->begin());
      });
    });
  }
  void jagged_float(const std::string &name, int bits, double low, double high) {
    add_jagged<float>(name, compact("_0", bits, low, high));
  }
  void jagged_int(const std::string &name) { add_jagged<int>(name, std::make_unique<ROOT::RField<int>>("_0")); }

  void open(const std::string &path, const std::string &tuple, int compression) {
    ROOT::RNTupleWriteOptions options;
    options.SetCompression(compression);
    writer = ROOT::RNTupleWriter::Recreate(std::move(model), tuple, path, options);
    entry = writer->CreateEntry();
    for (auto &bind : pending)
      bind();
  }
  /// Columns in the order of declaration; `starts` is ignored but for jagged ones.
  void column(int index, const void *values, const long *starts) {
    data[index] = values;
    offsets[index] = starts;
  }
  void fill(long n_events) {
    for (long event = 0; event < n_events; ++event) {
      for (auto &row : rows)
        row(event);
      writer->Fill(*entry);
    }
  }
  void close() { writer.reset(); }
};

}  // namespace mapless

#endif
