#ifndef MAPLESS_EVENT_TUPLE_H
#define MAPLESS_EVENT_TUPLE_H
// Columns of an RNTuple straight into arrays of numpy: numbers, and values per event padded with zeros.

#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RNTupleView.hxx>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace mapless {

class EventTuple {
   std::unique_ptr<ROOT::RNTupleReader> reader;

   template <typename T>
   void copy(const std::string &column, std::uint64_t start, std::uint64_t stop, void *target)
   {
      auto view = reader->GetDirectAccessView<T>(column);
      for (auto entry = start; entry < stop; ++entry)
         static_cast<T *>(target)[entry - start] = view(entry);
   }

public:
   EventTuple(const std::string &name, const std::string &path) : reader(ROOT::RNTupleReader::Open(name, path)) {}

   /// The entries [start, stop) of a column of a type as ROOT spells it, such as "float", into an array of that type.
   void numbers(const std::string &column, const std::string &type, std::uint64_t start, std::uint64_t stop,
                std::uintptr_t array)
   {
      auto *target = reinterpret_cast<void *>(array);
      if (type == "float")
         copy<float>(column, start, stop, target);
      else if (type == "double")
         copy<double>(column, start, stop, target);
      else if (type == "bool")
         copy<bool>(column, start, stop, target);
      else if (type == "std::int8_t")
         copy<std::int8_t>(column, start, stop, target);
      else if (type == "std::uint8_t")
         copy<std::uint8_t>(column, start, stop, target);
      else if (type == "std::int16_t")
         copy<std::int16_t>(column, start, stop, target);
      else if (type == "std::uint16_t")
         copy<std::uint16_t>(column, start, stop, target);
      else if (type == "std::int32_t")
         copy<std::int32_t>(column, start, stop, target);
      else if (type == "std::uint32_t")
         copy<std::uint32_t>(column, start, stop, target);
      else if (type == "std::int64_t")
         copy<std::int64_t>(column, start, stop, target);
      else if (type == "std::uint64_t")
         copy<std::uint64_t>(column, start, stop, target);
      else
         throw std::invalid_argument("columns of type " + type + " are not read into arrays");
   }

   /// The first `width` floats of the entries [start, stop) of a column of many values, into zeros; `stride` floats
   /// lie between neighbours in the array, width * stride between events.
   void padded(const std::string &column, std::uint64_t start, std::uint64_t stop, std::uint64_t width,
               std::uint64_t stride, std::uintptr_t array)
   {
      auto *target = reinterpret_cast<float *>(array);
      auto lists = reader->GetCollectionView(column);
      auto values = lists.GetDirectAccessView<float>("_0");
      for (auto entry = start; entry < stop; ++entry, target += width * stride) {
         std::uint64_t i = 0;
         for (auto index : lists.GetCollectionRange(entry)) {
            if (i == width)
               break;
            target[i++ * stride] = values(index);
         }
      }
   }
};

} // namespace mapless
#endif
