#ifndef MAPLESS_EXPRESSION_H
#define MAPLESS_EXPRESSION_H
// Expressions of selections as functions that hide the types of their columns: what evaluates them needs no template of
// its own for each, so that they are compiled in milliseconds, without RDataFrame.

#include <cstddef>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mapless {

/// A function of some values, with the types of these and of its result.
struct Expression {
   const std::type_info *result;
   const std::type_info *const *arguments;
   std::size_t n_arguments;
   void *(*create)();
   void (*destroy)(void *result);
   void (*evaluate)(void *const *arguments, void *result);
};

/// Makes an expression known under a key; true.
bool add_expression(const char *key, const Expression &expression);

template <auto function>
struct ExpressionOf;

template <typename R, typename... Arguments, R (*function)(Arguments...)>
struct ExpressionOf<function> {
   using Result = R;

   static void *create() { return new Result{}; }
   static void destroy(void *result) { delete static_cast<Result *>(result); }
   template <std::size_t... i>
   static void call(void *const *arguments, void *result, std::index_sequence<i...>)
   {
      *static_cast<Result *>(result) = function(*static_cast<std::decay_t<Arguments> *>(arguments[i])...);
   }
   static void evaluate(void *const *arguments, void *result)
   {
      call(arguments, result, std::index_sequence_for<Arguments...>{});
   }
   static bool add(const char *key)
   {
      static const std::type_info *const arguments[] = {&typeid(std::decay_t<Arguments>)..., nullptr};
      return add_expression(key, {&typeid(Result), arguments, sizeof...(Arguments), create, destroy, evaluate});
   }
};

} // namespace mapless
#endif
