// Interface of a trigger emulator as the CMS Level-1 software loads it: virtual functions in this order.
#pragma once

#include <any>

namespace hls4mlEmulator {

class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};

} // namespace hls4mlEmulator
