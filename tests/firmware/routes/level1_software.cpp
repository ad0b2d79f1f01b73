// What the CMS Level-1 software does with both anomaly triggers, without the rest of it: loads GTADModel_VERSION and
// CICADAModel_VERSION by name, hands over its types, reads its types. Both are loaded at once and take turns.
//
// ./level1_software OBJECTS_LIBRARY N_OBJECT_INPUTS REGIONS_LIBRARY N_REGIONS MODULE < hardware integers of each event
#include "emulator.h"

#include "ap_fixed.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Model = std::shared_ptr<hls4mlEmulator::Model>;

Model load(const std::string &name) {
    void *library = dlopen((name + ".so").c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    auto create = reinterpret_cast<hls4mlEmulator::Model *(*)()>(dlsym(library, "create_model"));
    auto destroy = reinterpret_cast<void (*)(hls4mlEmulator::Model *)>(dlsym(library, "destroy_model"));
    return Model(create(), destroy);
}

std::vector<int> event(int n) {
    std::vector<int> numbers(n);
    for (int &number : numbers) std::cin >> number;
    return numbers;
}

template <class Result>
Result scored(hls4mlEmulator::Model &model, const std::vector<int> &hardware) {
    ap_fixed<18, 13> inputs[57] = {};
    for (std::size_t i = 0; i < hardware.size(); ++i)
        inputs[i] = i % 3 == 0 ? hardware[i] * 0.5 : hardware[i]; // momenta in GeV
    Result result;
    model.prepare_input(inputs);
    model.predict();
    model.read_result(&result);
    return result;
}

void objects(hls4mlEmulator::Model &model, const std::string &name, const std::vector<int> &hardware) {
    if (name == "GTADModel_v3" || name == "GTADModel_v4") {
        using Means = std::array<ap_fixed<10, 7, AP_RND_CONV, AP_SAT>, 8>;
        const auto result = scored<std::pair<Means, ap_ufixed<18, 14>>>(model, hardware);
        std::printf("%.10g", result.second.to_float() * 16.0);
        for (const auto &mean : result.first) std::printf(" %.10g", mean.to_double());
    } else {
        using Score = ap_fixed<18, 14, AP_RND_CONV, AP_SAT>;
        const auto result = scored<std::pair<Score, ap_ufixed<18, 14>>>(model, hardware);
        std::printf("%.10g %.10g", result.second.to_float() * 16.0, result.first.to_double());
    }
    std::printf("\n");
}

template <class Input, class Output>
void regions(hls4mlEmulator::Model &model, const std::vector<int> &energies) {
    Input inputs[252];
    for (std::size_t i = 0; i < energies.size(); ++i) inputs[i] = energies[i];
    Output result[1] = {Output(0.0)};
    model.prepare_input(inputs);
    model.predict();
    model.read_result(result);
    std::printf("%.10g\n", result[0].to_float());
}

int main(int, char **arguments) {
    const std::string objects_library = arguments[1], module = arguments[5];
    const int n_objects = std::atoi(arguments[2]), n_regions = std::atoi(arguments[4]);
    try {
        const Model axol1tl = load(objects_library), cicada = load(arguments[3]);
        const auto score = module == "v1p0p0"   ? regions<ap_ufixed<10, 10>, ap_fixed<11, 5>>
                           : module == "v2p0p0" ? regions<ap_uint<10>, ap_ufixed<16, 8>>
                           : module == "vXp1p1" ? regions<ap_uint<10>, ap_ufixed<16, 8, AP_RND, AP_SAT, AP_SAT>>
                                                : regions<ap_uint<10>, ap_ufixed<16, 8, AP_RND_CONV, AP_SAT>>;
        while (std::cin >> std::ws && std::cin.peek() != EOF) {
            objects(*axol1tl, objects_library, event(n_objects));
            score(*cicada, event(n_regions));
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
