// A GPU made of software, to test CUDA code on a machine that has none: CUDA's driver, and as much of cuBLAS and cuRAND as candle
// needs, in a library that stands before theirs.
//
// Kernels come as PTX, from candle-kernels and from NVRTC, and are interpreted thread by thread. Every access to memory is checked to lie in an
// allocation that lives, new memory is full of NaN, and threads that wait for each other in vain are an error. It is some thousand times slower than a
// GPU, and knows no time: all streams are one, and everything is done when a call returns. run.sh beside this file says how to use it.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>
#include <sys/mman.h>

namespace {

using u64 = uint64_t;
using u32 = uint32_t;

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "cuda_emulator: %s\n", what.c_str());
    std::abort();
}

// ---------------------------------------------------------------------------------------------------------------- memory

std::recursive_mutex everything;
std::map<u64, u64> allocations; // from where to where

u64 allocate(u64 bytes) {
    u64 size = bytes ? bytes : 1;
    void *memory = std::aligned_alloc(256, (size + 255) / 256 * 256);
    std::memset(memory, 0xff, size);
    allocations[u64(memory)] = u64(memory) + size;
    return u64(memory);
}

void release(u64 at) {
    if (at && !allocations.erase(at)) {
        fail("memory is freed that is none");
    }
    std::free(reinterpret_cast<void *>(at));
}

// ------------------------------------------------------------------------------------------------------------------- PTX

enum Kind : uint8_t { PRED, U, S, F, B };

struct Type {
    Kind kind = B;
    int bits = 32;
    bool is_brain = false, is_pair = false; // bf16; two numbers of 16 bits
};

Type type_of(const std::string &name) {
    if (name == "pred") {
        return {PRED, 1};
    }
    size_t f16 = name.find("f16");
    if (f16 != std::string::npos) {
        return {F, 16, f16 == 1, name.size() > f16 + 3};
    }
    Kind kind = name[0] == 'u' ? U : name[0] == 's' ? S : name[0] == 'f' ? F : B;
    return {kind, std::atoi(name.c_str() + 1)};
}

bool is_type(const std::string &name) {
    return name == "pred" || name == "bf16" || name == "bf16x2" || name == "f16x2" ||
           (name.size() > 1 && std::strchr("usfb", name[0]) && std::isdigit(name[1]) &&
            name.find_first_not_of("0123456789", 1) == std::string::npos);
}

struct Operand {
    enum What : uint8_t { NONE, REGISTER, NUMBER, SPECIAL, SHARED, LOCAL, PARAMETER } what = NONE;
    int index = 0;
    u64 number = 0;              // of a NUMBER, else what is added to the address
    std::vector<Operand> parts; // of {a, b}
};

struct Instruction {
    std::string text;
    int guard = -1;
    bool guard_not = false;
    std::string op;                // the first word
    std::vector<std::string> with; // the others
    Type type, second;
    std::vector<Operand> operands;
    int target = -1;
    std::vector<int> targets; // of brx.idx

    bool has(const char *word) const {
        for (auto &each : with) {
            if (each == word) {
                return true;
            }
        }
        return false;
    }
};

struct Parameter {
    int offset, size;
};

struct Module;

struct Kernel {
    std::string name;
    Module *module;
    std::vector<Parameter> parameters;
    int parameter_bytes = 0, registers = 0, shared_bytes = 0, local_bytes = 0;
    std::vector<Instruction> code;
};

struct Module {
    std::string text;
    std::map<std::string, u64> globals;
    std::map<std::string, std::unique_ptr<Kernel>> kernels;
};

std::string without_comments(const std::string &text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
        if (text.compare(i, 2, "//") == 0) {
            while (i < text.size() && text[i] != '\n') {
                i++;
            }
        } else if (text.compare(i, 2, "/*") == 0) {
            i = text.find("*/", i) + 1;
            continue;
        }
        out += i < text.size() ? text[i] : '\n';
    }
    return out;
}

std::string trimmed(const std::string &text) {
    size_t from = text.find_first_not_of(" \t\r\n"), to = text.find_last_not_of(" \t\r\n");
    return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

std::vector<std::string> split(const std::string &text, char by) {
    std::vector<std::string> out;
    int depth = 0;
    std::string part;
    for (char c : text) {
        depth += (c == '{' || c == '[' || c == '(') - (c == '}' || c == ']' || c == ')');
        if (c == by && depth == 0) {
            out.push_back(trimmed(part));
            part.clear();
        } else {
            part += c;
        }
    }
    if (!trimmed(part).empty()) {
        out.push_back(trimmed(part));
    }
    return out;
}

std::vector<std::string> words(const std::string &text) {
    std::vector<std::string> out;
    size_t at = 0;
    while ((at = text.find_first_not_of(" \t\r\n", at)) != std::string::npos) {
        size_t end = text.find_first_of(" \t\r\n", at);
        out.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end;
    }
    return out;
}

// `.shared .align 4 .b8 name[32]`: its name, bytes and alignment; of parameters and of variables of all kinds.
struct Declared {
    std::string name;
    int bytes, align, element;
};

Declared declared(const std::string &text) {
    Declared out{"", 4, 0, 4};
    auto all = words(text);
    for (size_t i = 0; i < all.size(); i++) {
        auto &word = all[i];
        if (word == ".align") {
            out.align = std::atoi(all[++i].c_str());
        } else if (word[0] == '.' && is_type(word.substr(1))) {
            out.element = out.bytes = type_of(word.substr(1)).bits / 8;
        } else if (word[0] != '.') {
            size_t bracket = word.find('[');
            out.name = word.substr(0, bracket);
            if (bracket != std::string::npos) {
                out.bytes = out.element * std::atoi(word.c_str() + bracket + 1);
            }
            break;
        }
    }
    out.align = out.align ? out.align : out.element;
    return out;
}

int place(int &used, const Declared &what) {
    int at = (used + what.align - 1) / what.align * what.align;
    used = at + what.bytes;
    return at;
}

u64 number_of(const std::string &text, Type type) {
    if (text.size() > 2 && text[0] == '0' && std::strchr("fFdD", text[1])) {
        u64 bits = std::strtoull(text.c_str() + 2, nullptr, 16);
        bool is_single = text[1] == 'f' || text[1] == 'F';
        if (type.kind == F && type.bits == 64 && is_single) {
            float single;
            u32 low = u32(bits);
            std::memcpy(&single, &low, 4);
            double wide = single;
            std::memcpy(&bits, &wide, 8);
        }
        return bits;
    }
    return text[0] == '-' ? u64(std::strtoll(text.c_str(), nullptr, 0)) : std::strtoull(text.c_str(), nullptr, 0);
}

void find_globals(Module &module) {
    // Variables of a module stand at the beginning of a line, outside of functions.
    for (const char *space : {".global ", ".const "}) {
        for (size_t at = 0; (at = module.text.find(space, at)) != std::string::npos; at++) {
            bool first = at == 0 || module.text[at - 1] == '\n' || module.text.compare(at - 9 < at ? at - 9 : 0, 9, ".visible ") == 0;
            size_t end = module.text.find(';', at);
            if (!first || end == std::string::npos) {
                continue;
            }
            std::string text = module.text.substr(at, end - at);
            size_t equal = text.find('=');
            Declared what = declared(text.substr(0, equal));
            u64 memory = allocate(what.bytes);
            std::memset(reinterpret_cast<void *>(memory), 0, what.bytes);
            if (equal != std::string::npos) {
                std::string values = trimmed(text.substr(equal + 1));
                if (values[0] == '{') {
                    values = values.substr(1, values.size() - 2);
                }
                int i = 0;
                for (auto &value : split(values, ',')) {
                    u64 number = number_of(value, {B, what.element * 8});
                    std::memcpy(reinterpret_cast<void *>(memory + what.element * i++), &number, what.element);
                }
            }
            module.globals[what.name] = memory;
        }
    }
}

const std::vector<std::string> specials = {"%tid.x",   "%tid.y",    "%tid.z",    "%ntid.x",   "%ntid.y",   "%ntid.z", "%ctaid.x",
                                           "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "WARP_SZ"};

struct Parser {
    Kernel &kernel;
    Module &module;
    std::unordered_map<std::string, int> registers, labels;
    std::map<std::string, int> shared, local, parameters;
    std::map<std::string, std::vector<std::string>> tables;

    Operand name(const std::string &text) {
        Operand out;
        auto is = [&](Operand::What what, int index) {
            out.what = what;
            out.index = index;
            return out;
        };
        if (auto found = registers.find(text); found != registers.end()) {
            return is(Operand::REGISTER, found->second);
        }
        for (size_t i = 0; i < specials.size(); i++) {
            if (text == specials[i]) {
                return is(Operand::SPECIAL, int(i));
            }
        }
        if (auto found = shared.find(text); found != shared.end()) {
            return is(Operand::SHARED, found->second);
        }
        if (auto found = local.find(text); found != local.end()) {
            return is(Operand::LOCAL, found->second);
        }
        if (auto found = parameters.find(text); found != parameters.end()) {
            return is(Operand::PARAMETER, found->second);
        }
        if (auto found = module.globals.find(text); found != module.globals.end()) {
            out.number = found->second;
            return is(Operand::NUMBER, 0);
        }
        fail(kernel.name + " names " + text + ", which is unknown");
    }

    Operand operand(std::string text, Type type) {
        if (text[0] == '{') {
            Operand out;
            for (auto &part : split(text.substr(1, text.size() - 2), ',')) {
                out.parts.push_back(operand(part, type));
            }
            return out;
        }
        if (text[0] == '[') {
            text = text.substr(1, text.size() - 2);
            size_t plus = text.find('+', 1);
            Operand out = operand(trimmed(text.substr(0, plus)), {U, 64});
            if (plus != std::string::npos) {
                out.number += number_of(trimmed(text.substr(plus + 1)), {S, 64});
            }
            return out;
        }
        if (std::isdigit(text[0]) || text[0] == '-') {
            Operand out;
            out.what = Operand::NUMBER;
            out.number = number_of(text, type);
            return out;
        }
        if (text == "_") {
            return {};
        }
        return name(text);
    }

    void statement(const std::string &text) {
        if (text.compare(0, 5, ".reg.") == 0) {
            return statement(".reg " + text.substr(4));
        }
        if (text[0] == '.') {
            auto all = words(text);
            if (all[0] == ".reg") {
                size_t type = text.find(all[1]) + all[1].size();
                for (auto &each : split(text.substr(type), ',')) {
                    size_t angle = each.find('<');
                    int count = angle == std::string::npos ? -1 : std::atoi(each.c_str() + angle + 1);
                    if (count < 0) {
                        registers[each] = kernel.registers++;
                    }
                    for (int i = 0; i < count; i++) {
                        registers[each.substr(0, angle) + std::to_string(i)] = kernel.registers++;
                    }
                }
            } else if (all[0] == ".shared" || all[0] == ".local" || all[0] == ".param") {
                Declared what = declared(text);
                bool is_shared = all[0] == ".shared";
                (is_shared ? shared : local)[what.name] = place(is_shared ? kernel.shared_bytes : kernel.local_bytes, what);
            } else if (all[0] != ".pragma" && all[0] != ".loc") {
                fail(kernel.name + " has a statement that is unknown: " + text);
            }
            return;
        }
        Instruction out;
        out.text = text;
        std::string rest = text;
        if (rest[0] == '@') {
            size_t end = rest.find_first_of(" \t");
            std::string guard = rest.substr(1, end - 1);
            out.guard_not = guard[0] == '!';
            out.guard = registers.at(guard.substr(out.guard_not));
            rest = trimmed(rest.substr(end));
        }
        size_t end = rest.find_first_of(" \t\n");
        auto parts = split(rest.substr(0, end), '.');
        out.op = parts[0];
        out.with.assign(parts.begin() + 1, parts.end());
        int types = 0;
        for (auto &word : out.with) {
            if (is_type(word)) {
                (types++ ? out.second : out.type) = type_of(word);
            }
        }
        auto operands = split(end == std::string::npos ? "" : rest.substr(end), ',');
        if (out.op == "bra") {
            out.targets = {};
            out.operands.clear();
            labelled.push_back({int(kernel.code.size()), operands[0]});
        } else if (out.op == "brx") {
            out.operands.push_back(operand(operands[0], {U, 32}));
            labelled.push_back({int(kernel.code.size()), operands[1]});
        } else if (out.op == "call") {
            // Only what ends the program is called: a failed assertion.
        } else {
            for (auto &each : operands) {
                size_t bar = each.find('|');
                if (bar != std::string::npos) {
                    Operand both;
                    both.parts = {operand(each.substr(0, bar), out.type), operand(each.substr(bar + 1), out.type)};
                    out.operands.push_back(both);
                } else {
                    out.operands.push_back(operand(each, out.type));
                }
            }
        }
        kernel.code.push_back(out);
    }

    std::vector<std::pair<int, std::string>> labelled;

    void body(const std::string &text) {
        for (size_t at = 0; at < text.size();) {
            size_t begin = text.find_first_not_of(" \t\r\n{}", at);
            if (begin == std::string::npos) {
                break;
            }
            if (text[begin] == '{') {
                at = begin + 1;
                continue;
            }
            size_t end = text.find(';', begin), colon = text.find(':', begin);
            std::string label = colon < end ? trimmed(text.substr(begin, colon - begin)) : "";
            if (!label.empty() && label.find_first_of(" \t.,@[") == std::string::npos) {
                size_t next = text.find_first_not_of(" \t\r\n", colon + 1);
                if (text.compare(next, 14, ".branchtargets") == 0) {
                    tables[label] = split(text.substr(next + 14, end - next - 14), ',');
                    at = end + 1;
                } else {
                    labels[label] = int(kernel.code.size());
                    at = colon + 1;
                }
                continue;
            }
            statement(trimmed(text.substr(begin, end - begin)));
            at = end + 1;
        }
        Instruction end;
        end.op = "ret";
        kernel.code.push_back(end);
        for (auto &[at, label] : labelled) {
            auto &code = kernel.code[at];
            if (code.op == "brx") {
                for (auto &each : tables.at(label)) {
                    code.targets.push_back(labels.at(each));
                }
            } else {
                code.target = labels.at(label);
            }
        }
    }
};

Kernel *find_kernel(Module &module, const std::string &name) {
    auto &kernel = module.kernels[name];
    if (kernel) {
        return kernel.get();
    }
    size_t at = 0;
    do {
        at = module.text.find(".entry", at);
        if (at == std::string::npos) {
            return nullptr;
        }
        at += 6;
    } while (trimmed(module.text.substr(at, module.text.find('(', at) - at)) != name);
    kernel = std::make_unique<Kernel>();
    kernel->name = name;
    kernel->module = &module;
    size_t open = module.text.find('(', at), close = module.text.find(')', open), brace = module.text.find('{', close);
    Parser parser{*kernel, module, {}, {}, {}, {}, {}, {}, {}};
    // Shared memory may stand before the functions.
    for (size_t from = 0; (from = module.text.find("\n.shared", from)) != std::string::npos; from++) {
        Declared what = declared(module.text.substr(from + 1, module.text.find(';', from) - from - 1));
        parser.shared[what.name] = place(kernel->shared_bytes, what);
    }
    for (size_t from = 0; (from = module.text.find("\n.extern .shared", from)) != std::string::npos; from++) {
        fail(name + ": shared memory of a size that the launch says is not known here");
    }
    for (auto &text : split(module.text.substr(open + 1, close - open - 1), ',')) {
        Declared what = declared(text);
        int offset = place(kernel->parameter_bytes, what);
        kernel->parameters.push_back({offset, what.bytes});
        parser.parameters[what.name] = offset;
    }
    int depth = 0;
    size_t end = brace;
    do {
        depth += (module.text[end] == '{') - (module.text[end] == '}');
        end++;
    } while (depth);
    parser.body(module.text.substr(brace + 1, end - brace - 2));
    return kernel.get();
}

// --------------------------------------------------------------------------------------------------------------- running

struct Dim {
    u32 x, y, z;
};

struct Thread {
    std::vector<u64> registers;
    std::vector<char> local;
    int pc = 0;
    enum { READY, AT_BARRIER, IN_SHUFFLE, DONE } state = READY;
    Dim at;
};

u64 bits(float x) {
    u32 out;
    std::memcpy(&out, &x, 4);
    return out;
}

u64 bits(double x) {
    u64 out;
    std::memcpy(&out, &x, 8);
    return out;
}

float single(u64 x) {
    u32 low = u32(x);
    float out;
    std::memcpy(&out, &low, 4);
    return out;
}

double wide(u64 x) {
    double out;
    std::memcpy(&out, &x, 8);
    return out;
}

// A number of 16 bits, of which so many are the exponent.
template <int EXPONENT> struct Narrow {
    static const int fraction = 15 - EXPONENT, bias = (1 << (EXPONENT - 1)) - 1, infinite = ((1 << EXPONENT) - 1) << fraction;
    uint16_t bits;

    // The nearest one, the even one of two.
    explicit Narrow(double x) {
        int sign = std::signbit(x) << 15, number = 0;
        x = std::fabs(x);
        if (x != x) {
            number = infinite | 1 << (fraction - 1);
        } else if (x >= std::ldexp(1.0, bias + 1)) {
            number = infinite;
        } else if (x > 0) {
            // The fraction of the one above carries into the exponent.
            int power = std::max(std::ilogb(x), 1 - bias);
            number = int(std::nearbyint(std::ldexp(x, fraction - power))) + ((power + bias - 1) << fraction);
        }
        bits = uint16_t(sign | number);
    }

    operator double() const {
        int rest = bits & ((1 << fraction) - 1), exponent = (bits & 0x7fff) >> fraction;
        double size = exponent == infinite >> fraction ? (rest ? NAN : INFINITY)
                      : exponent == 0                  ? std::ldexp(double(rest), 1 - bias - fraction)
                                                       : std::ldexp(double(rest | 1 << fraction), exponent - bias - fraction);
        return bits >> 15 ? -size : size;
    }
};

using Half = Narrow<5>;
using Brain = Narrow<8>;

// The number that these bits are.
double number_in(u64 x, Type type) {
    if (type.bits == 16) {
        uint16_t low = uint16_t(x);
        Half half(0);
        Brain brain(0);
        half.bits = brain.bits = low;
        return type.is_brain ? double(brain) : double(half);
    }
    return type.bits == 32 ? double(single(x)) : wide(x);
}

u64 bits_of(double number, Type type) {
    if (type.bits == 16) {
        return type.is_brain ? Brain(number).bits : Half(number).bits;
    }
    return type.bits == 32 ? bits(float(number)) : bits(number);
}

u64 cut(u64 x, int bits) { return bits >= 64 ? x : x & ((u64(1) << bits) - 1); }

int64_t extended(u64 x, int bits) { return bits >= 64 ? int64_t(x) : int64_t(x << (64 - bits)) >> (64 - bits); }

template <typename T> bool compared(const std::string &how, T a, T b) {
    bool none = a != a || b != b;
    if (how == "eq") return a == b;
    if (how == "ne") return !none && a != b;
    if (how == "lt" || how == "lo") return a < b;
    if (how == "le" || how == "ls") return a <= b;
    if (how == "gt" || how == "hi") return a > b;
    if (how == "ge" || how == "hs") return a >= b;
    if (how == "equ") return none || a == b;
    if (how == "neu") return none || a != b;
    if (how == "ltu") return none || a < b;
    if (how == "leu") return none || a <= b;
    if (how == "gtu") return none || a > b;
    if (how == "geu") return none || a >= b;
    if (how == "num") return !none;
    if (how == "nan") return none;
    fail("a comparison that is unknown: " + how);
}

template <typename T> T arithmetic(const Instruction &code, T a, T b, T c) {
    const std::string &op = code.op;
    if (code.has("NaN") && (a != a || b != b)) return a + b;
    if (op == "add") return a + b;
    if (op == "sub") return a - b;
    if (op == "mul") return a * b;
    if (op == "div") return a / b;
    if (op == "fma" || op == "mad") return std::fma(a, b, c);
    if (op == "neg") return -a;
    if (op == "abs") return std::fabs(a);
    if (op == "min") return std::fmin(a, b);
    if (op == "max") return std::fmax(a, b);
    if (op == "sqrt") return std::sqrt(a);
    if (op == "rsqrt") return 1 / std::sqrt(a);
    if (op == "rcp") return 1 / a;
    if (op == "ex2") return std::exp2(a);
    if (op == "lg2") return std::log2(a);
    if (op == "sin") return std::sin(a);
    if (op == "cos") return std::cos(a);
    if (op == "tanh") return std::tanh(a);
    if (op == "copysign") return std::copysign(b, a);
    fail("an instruction that is unknown: " + code.text);
}

struct Block {
    const Kernel &kernel;
    Dim grid, size, at;
    const std::vector<char> &parameters;
    char *shared;
    std::vector<Thread> threads;
    u64 low = 1, high = 0; // the allocation that was found last

    void check(u64 address, u64 bytes, const Thread &thread, const Instruction &code) {
        if (address >= low && address + bytes <= high) {
            return;
        }
        auto inside = [&](const void *from, u64 size) {
            return address >= u64(from) && address + bytes <= u64(from) + size;
        };
        if (inside(shared, kernel.shared_bytes) || inside(thread.local.data(), thread.local.size())) {
            return;
        }
        auto found = allocations.upper_bound(address);
        if (found != allocations.begin() && (--found, address + bytes <= found->second)) {
            low = found->first;
            high = found->second;
            return;
        }
        char text[400];
        std::snprintf(text, sizeof text, "%s reaches beyond its memory, in the thread (%u, %u) of block (%u, %u): %s",
                      kernel.name.c_str(), thread.at.x, thread.at.y, at.x, at.y, code.text.c_str());
        fail(text);
    }

    u64 special(int index, const Thread &thread) const {
        const Dim *of[] = {&thread.at, &size, &at, &grid};
        if (index < 12) {
            const Dim &dim = *of[index / 3];
            return index % 3 == 0 ? dim.x : index % 3 == 1 ? dim.y : dim.z;
        }
        return index == 12 ? (thread.at.x + size.x * (thread.at.y + size.y * thread.at.z)) % 32 : 32;
    }

    u64 read(const Operand &operand, Thread &thread) const {
        switch (operand.what) {
            case Operand::REGISTER: return thread.registers[operand.index] + operand.number;
            case Operand::NUMBER: return operand.number;
            case Operand::SPECIAL: return special(operand.index, thread);
            case Operand::SHARED: return u64(shared) + operand.index + operand.number;
            case Operand::LOCAL: return u64(thread.local.data()) + operand.index + operand.number;
            case Operand::PARAMETER: return u64(parameters.data()) + operand.index + operand.number;
            default: return 0;
        }
    }

    void write(const Operand &operand, Thread &thread, u64 value) {
        if (operand.what == Operand::REGISTER) {
            thread.registers[operand.index] = value;
        }
    }

    void load_or_store(const Instruction &code, Thread &thread) {
        bool load = code.op != "st", parameter = code.has("param");
        const Operand &place = code.operands[load ? 1 : 0], &value = code.operands[load ? 0 : 1];
        u64 address = read(place, thread);
        int bytes = code.type.bits / 8;
        const std::vector<Operand> one = {value}, &values = value.parts.empty() ? one : value.parts;
        if (!parameter) {
            check(address, bytes * values.size(), thread, code);
            if (address % (bytes * values.size())) {
                fail(kernel.name + " reaches memory that is not aligned: " + code.text);
            }
        }
        for (size_t i = 0; i < values.size(); i++) {
            void *memory = reinterpret_cast<void *>(address + i * bytes);
            u64 number = 0;
            if (load) {
                std::memcpy(&number, memory, bytes);
                write(values[i], thread, code.type.kind == S ? u64(extended(number, code.type.bits)) : number);
            } else {
                number = read(values[i], thread);
                std::memcpy(memory, &number, bytes);
            }
        }
    }

    u64 converted(const Instruction &code, u64 x) {
        Type to = code.type, from = code.second;
        if (from.kind == F) {
            double number = number_in(x, from);
            if (code.has("rni") || code.has("rzi") || code.has("rmi") || code.has("rpi")) {
                number = code.has("rni") ? std::nearbyint(number)
                         : code.has("rzi") ? std::trunc(number)
                         : code.has("rmi") ? std::floor(number)
                                           : std::ceil(number);
            }
            if (code.has("sat") && to.kind == F) {
                number = number > 0 ? std::fmin(number, 1.0) : 0;
            }
            if (to.kind == F) {
                return bits_of(number, to);
            }
            // Beyond the range, the end of it; of NaN, 0.
            double most = std::ldexp(1.0, to.kind == S ? to.bits - 1 : to.bits);
            double least = to.kind == S ? -most : 0;
            if (number != number) {
                return 0;
            }
            if (number >= most) {
                return to.kind == S ? cut(~u64(0), to.bits - 1) : cut(~u64(0), to.bits);
            }
            number = std::fmax(number, least);
            return cut(to.kind == S ? u64(int64_t(number)) : u64(number), to.bits);
        }
        u64 whole = from.kind == S ? u64(extended(x, from.bits)) : cut(x, from.bits);
        if (to.kind == F) {
            if (to.bits == 32) {
                return bits(from.kind == S ? float(int64_t(whole)) : float(whole));
            }
            return bits_of(from.kind == S ? double(int64_t(whole)) : double(whole), to);
        }
        return cut(whole, to.bits);
    }

    // Of numbers of 16 bits, computed in 64 and rounded once.
    u64 narrow(const Instruction &code, u64 a, u64 b, u64 c) {
        double result = arithmetic(code, number_in(a, code.type), number_in(b, code.type), number_in(c, code.type));
        if (code.has("sat")) {
            result = result > 0 ? std::fmin(result, 1.0) : 0;
        }
        return bits_of(code.has("relu") && result < 0 ? 0.0 : result, code.type);
    }

    u64 whole(const Instruction &code, u64 a, u64 b, u64 c) {
        const std::string &op = code.op;
        Type type = code.type;
        int bits = type.bits;
        bool is_signed = type.kind == S;
        if (op == "and") return a & b;
        if (op == "or") return a | b;
        if (op == "xor") return a ^ b;
        if (op == "not") return type.kind == PRED ? !a : cut(~a, bits);
        if (op == "shl") return (b & 0xffffffff) >= u64(bits) ? 0 : cut(a << (b & 0xff), bits);
        if (op == "shr") {
            u64 by = b & 0xffffffff;
            if (is_signed) {
                return cut(u64(extended(a, bits) >> (by >= u64(bits) ? bits - 1 : by)), bits);
            }
            return by >= u64(bits) ? 0 : cut(a, bits) >> by;
        }
        __int128 x = is_signed ? __int128(extended(a, bits)) : __int128(cut(a, bits));
        __int128 y = is_signed ? __int128(extended(b, bits)) : __int128(cut(b, bits));
        if (op == "add") return cut(u64(x + y), bits);
        if (op == "sub") return cut(u64(x - y), bits);
        if (op == "mul" || op == "mad") {
            __int128 product = x * y;
            if (code.has("wide")) {
                return cut(u64(product) + (op == "mad" ? c : 0), bits * 2);
            }
            u64 part = u64(code.has("hi") ? __int128((unsigned __int128)product >> bits) : product);
            return cut(part + (op == "mad" ? c : 0), bits);
        }
        if (op == "div" || op == "rem") {
            if (y == 0) {
                return cut(~u64(0), bits);
            }
            return cut(u64(op == "div" ? x / y : x % y), bits);
        }
        if (op == "min") return cut(u64(x < y ? x : y), bits);
        if (op == "max") return cut(u64(x > y ? x : y), bits);
        if (op == "neg") return cut(u64(-x), bits);
        if (op == "abs") return cut(u64(x < 0 ? -x : x), bits);
        if (op == "popc") return __builtin_popcountll(cut(a, bits));
        if (op == "clz") return bits == 64 ? (a ? __builtin_clzll(a) : 64) : (u32(a) ? __builtin_clz(u32(a)) : 32);
        if (op == "bfe") {
            u64 from = b & 0xff, count = c & 0xff;
            u64 field = from >= 64 ? 0 : cut(cut(a, bits) >> from, int(count));
            return is_signed && count ? cut(u64(extended(field, int(count))), bits) : field;
        }
        fail("an instruction that is unknown: " + code.text);
    }

    // Runs a thread until it waits or ends.
    void run(Thread &thread) {
        for (;;) {
            const Instruction &code = kernel.code[thread.pc++];
            if (code.guard >= 0 && (thread.registers[code.guard] != 0) == code.guard_not) {
                continue;
            }
            const std::string &op = code.op;
            auto in = [&](size_t i) { return i < code.operands.size() ? read(code.operands[i], thread) : 0; };
            auto out = [&](u64 value) { write(code.operands[0], thread, value); };
            if (op == "ret" || op == "exit") {
                thread.state = Thread::DONE;
                return;
            }
            if (op == "trap" || op == "call") {
                fail(kernel.name + " ends the program: " + code.text);
            }
            if (op == "bra") {
                thread.pc = code.target;
            } else if (op == "brx") {
                thread.pc = code.targets.at(in(0));
            } else if (op == "bar" || op == "barrier") {
                thread.state = Thread::AT_BARRIER;
                return;
            } else if (op == "shfl") {
                thread.state = Thread::IN_SHUFFLE;
                thread.pc--;
                return;
            } else if (op == "ld" || op == "ldu" || op == "st") {
                load_or_store(code, thread);
            } else if (op == "mov" && !code.operands[0].parts.empty()) {
                u64 all = in(1);
                int bits = code.type.bits / int(code.operands[0].parts.size());
                for (auto &part : code.operands[0].parts) {
                    write(part, thread, cut(all, bits));
                    all >>= bits % 64;
                }
            } else if (op == "mov" && !code.operands[1].parts.empty()) {
                u64 all = 0;
                int i = 0, bits = code.type.bits / int(code.operands[1].parts.size());
                for (auto &part : code.operands[1].parts) {
                    all |= cut(read(part, thread), bits) << (bits * i++);
                }
                out(all);
            } else if (op == "mov" || op == "cvta") {
                out(in(1));
            } else if (op == "cvt") {
                out(code.type.is_pair ? converted(code, in(1)) << 16 | converted(code, in(2)) : converted(code, in(1)));
            } else if (op == "selp") {
                out(in(3) ? in(1) : in(2));
            } else if (op == "setp" || op == "set") {
                const std::string &how = code.with[0];
                Type type = op == "set" ? code.second : code.type;
                u64 a = in(1), b = in(2);
                bool holds = type.kind == F   ? compared(how, number_in(a, type), number_in(b, type))
                             : type.kind == S ? compared(how, extended(a, type.bits), extended(b, type.bits))
                                              : compared(how, cut(a, type.bits), cut(b, type.bits));
                if (code.operands.size() > 3) {
                    bool other = in(3) != 0;
                    holds = code.has("and") ? holds && other : code.has("or") ? holds || other : holds != other;
                }
                out(holds);
            } else if (op == "membar" || op == "fence") {
            } else if (code.type.kind == F && code.type.bits == 16) {
                u64 a = in(1), b = in(2), c = in(3), low = narrow(code, a, b, c);
                out(code.type.is_pair ? narrow(code, a >> 16, b >> 16, c >> 16) << 16 | low : low);
            } else if (code.type.kind == F && code.type.bits == 32) {
                float result = arithmetic(code, single(in(1)), single(in(2)), single(in(3)));
                out(bits(code.has("sat") ? (result > 0 ? std::fmin(result, 1.0f) : 0.0f) : result));
            } else if (code.type.kind == F && code.type.bits == 64) {
                out(bits(arithmetic(code, wide(in(1)), wide(in(2)), wide(in(3)))));
            } else {
                out(whole(code, in(1), in(2), in(3)));
            }
        }
    }

    // Whether some threads that waited for each other go on.
    bool go_on() {
        bool changed = false;
        for (size_t first = 0; first < threads.size(); first += 32) {
            size_t end = std::min(first + 32, threads.size());
            bool all = true;
            int where = -1;
            for (size_t i = first; i < end; i++) {
                if (threads[i].state == Thread::IN_SHUFFLE) {
                    all = all && (where < 0 || where == threads[i].pc);
                    where = threads[i].pc;
                } else {
                    all = all && threads[i].state == Thread::DONE;
                }
            }
            if (where < 0 || !all) {
                continue;
            }
            changed = true;
            const Instruction &code = kernel.code[where];
            std::vector<u64> values(32, 0);
            for (size_t i = first; i < end; i++) {
                values[i - first] = threads[i].state == Thread::DONE ? 0 : read(code.operands[1], threads[i]);
            }
            for (size_t i = first; i < end; i++) {
                Thread &thread = threads[i];
                if (thread.state == Thread::DONE) {
                    continue;
                }
                u64 lane = i - first, by = read(code.operands[2], thread), from = lane;
                bool has = true;
                if (code.has("bfly")) {
                    from = lane ^ by;
                } else if (code.has("down")) {
                    from = lane + by;
                } else if (code.has("idx")) {
                    from = by;
                } else {
                    has = by <= lane;
                    from = lane - by;
                }
                has = has && from < end - first;
                const Operand &both = code.operands[0], &to = both.parts.empty() ? both : both.parts[0];
                write(to, thread, values[has ? from : lane]);
                if (!both.parts.empty()) {
                    write(both.parts[1], thread, has);
                }
                thread.pc++;
                thread.state = Thread::READY;
            }
        }
        bool all = true, any = false;
        for (auto &thread : threads) {
            any = any || thread.state == Thread::AT_BARRIER;
            all = all && (thread.state == Thread::AT_BARRIER || thread.state == Thread::DONE);
        }
        if (any && all) {
            for (auto &thread : threads) {
                if (thread.state == Thread::AT_BARRIER) {
                    thread.state = Thread::READY;
                }
            }
            return true;
        }
        return changed;
    }

    void run() {
        for (u32 z = 0; z < size.z; z++) {
            for (u32 y = 0; y < size.y; y++) {
                for (u32 x = 0; x < size.x; x++) {
                    Thread thread;
                    thread.registers.assign(kernel.registers, 0);
                    thread.local.resize(kernel.local_bytes);
                    thread.at = {x, y, z};
                    threads.push_back(std::move(thread));
                }
            }
        }
        for (;;) {
            bool done = true;
            for (auto &thread : threads) {
                if (thread.state == Thread::READY) {
                    run(thread);
                }
                done = done && thread.state == Thread::DONE;
            }
            if (done) {
                return;
            }
            if (!go_on()) {
                fail(kernel.name + ": threads wait for each other in vain");
            }
        }
    }
};

void launch(Kernel &kernel, Dim grid, Dim size, void **arguments) {
    if (!grid.x || !grid.y || !grid.z || !size.x || size.x * size.y * size.z > 1024 || grid.y > 65535 || grid.z > 65535) {
        fail(kernel.name + ": a launch of sizes that no GPU takes");
    }
    std::vector<char> parameters(kernel.parameter_bytes);
    for (size_t i = 0; i < kernel.parameters.size(); i++) {
        std::memcpy(&parameters[kernel.parameters[i].offset], arguments[i], kernel.parameters[i].size);
    }
    // Addresses of shared memory are 32 bits.
    size_t bytes = kernel.shared_bytes ? kernel.shared_bytes : 1;
    void *shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    for (u32 z = 0; z < grid.z; z++) {
        for (u32 y = 0; y < grid.y; y++) {
            for (u32 x = 0; x < grid.x; x++) {
                std::memset(shared, 0xff, bytes);
                Block{kernel, grid, size, {x, y, z}, parameters, static_cast<char *>(shared), {}}.run();
            }
        }
    }
    munmap(shared, bytes);
}

template <typename T>
void gemm(int ta, int tb, int m, int n, int k, double alpha, u64 a, int lda, long long sa, u64 b, int ldb, long long sb, double beta,
          u64 c, int ldc, long long sc, int batch) {
    for (int i = 0; i < batch; i++) {
        const T *x = reinterpret_cast<const T *>(a) + i * sa, *y = reinterpret_cast<const T *>(b) + i * sb;
        T *z = reinterpret_cast<T *>(c) + i * sc;
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < m; row++) {
                double sum = 0;
                for (int j = 0; j < k; j++) {
                    double left = ta ? x[j + long(row) * lda] : x[row + long(j) * lda];
                    double right = tb ? y[column + long(j) * ldb] : y[j + long(column) * ldb];
                    sum += left * right;
                }
                T &out = z[row + long(column) * ldc];
                out = T(alpha * sum + (beta == 0 ? 0.0 : double(beta * out)));
            }
        }
    }
}

} // namespace

// ------------------------------------------------------------------------------------------------------- CUDA's functions

#define ENTRY(name, ...) extern "C" __attribute__((visibility("default"))) int name(__VA_ARGS__)
#define ALONE std::lock_guard<std::recursive_mutex> alone(everything)

ENTRY(cuInit, unsigned) { return 0; }
ENTRY(cuDeviceGet, int *device, int) { return *device = 0; }
ENTRY(cuDevicePrimaryCtxRetain, void **context, int) {
    *context = &everything;
    return 0;
}
ENTRY(cuDevicePrimaryCtxRelease_v2, int) { return 0; }
ENTRY(cuCtxDestroy_v2, void *) { return 0; }
ENTRY(cuCtxSetCurrent, void *) { return 0; }
ENTRY(cuCtxGetCurrent, void **context) {
    *context = &everything;
    return 0;
}
ENTRY(cuDeviceGetAttribute, int *value, int attribute, int) {
    // The version of an H100; all else that is asked for is a yes.
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
    return 0;
}
ENTRY(cuGetErrorString, int, const char **text) {
    *text = "an error of the emulator";
    return 0;
}
ENTRY(cuStreamCreate, void **stream, unsigned) {
    *stream = &everything;
    return 0;
}
ENTRY(cuStreamDestroy_v2, void *) { return 0; }
ENTRY(cuStreamSynchronize, void *) { return 0; }
ENTRY(cuStreamIsCapturing, void *, int *status) { return *status = 0; }
ENTRY(cuStreamWaitEvent, void *, void *, unsigned) { return 0; }
ENTRY(cuEventCreate, void **event, unsigned) {
    *event = &everything;
    return 0;
}
ENTRY(cuEventDestroy_v2, void *) { return 0; }
ENTRY(cuEventRecord, void *, void *) { return 0; }

ENTRY(cuMemAlloc_v2, u64 *at, size_t bytes) {
    ALONE;
    *at = allocate(bytes);
    return 0;
}
ENTRY(cuMemAllocAsync, u64 *at, size_t bytes, void *) { return cuMemAlloc_v2(at, bytes); }
ENTRY(cuMemFree_v2, u64 at) {
    ALONE;
    release(at);
    return 0;
}
ENTRY(cuMemFreeAsync, u64 at, void *) { return cuMemFree_v2(at); }

static void check_range(u64 at, size_t bytes) {
    auto found = allocations.upper_bound(at);
    if (bytes && (found == allocations.begin() || (--found, at + bytes > found->second))) {
        fail("a copy reaches beyond its memory");
    }
}
ENTRY(cuMemcpyHtoDAsync_v2, u64 to, const void *from, size_t bytes, void *) {
    ALONE;
    check_range(to, bytes);
    std::memcpy(reinterpret_cast<void *>(to), from, bytes);
    return 0;
}
ENTRY(cuMemcpyDtoHAsync_v2, void *to, u64 from, size_t bytes, void *) {
    ALONE;
    check_range(from, bytes);
    std::memcpy(to, reinterpret_cast<void *>(from), bytes);
    return 0;
}
ENTRY(cuMemcpyDtoDAsync_v2, u64 to, u64 from, size_t bytes, void *) {
    ALONE;
    check_range(to, bytes);
    check_range(from, bytes);
    std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);
    return 0;
}
ENTRY(cuMemcpyPeerAsync, u64 to, void *, u64 from, void *, size_t bytes, void *) {
    return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr);
}
ENTRY(cuMemsetD8Async, u64 at, unsigned char value, size_t bytes, void *) {
    ALONE;
    check_range(at, bytes);
    std::memset(reinterpret_cast<void *>(at), value, bytes);
    return 0;
}

ENTRY(cuModuleLoadData, Module **module, const void *image) {
    ALONE;
    *module = new Module{without_comments(static_cast<const char *>(image)), {}, {}};
    find_globals(**module);
    return 0;
}
ENTRY(cuModuleLoad, Module **, const char *) { fail("modules are not loaded from files"); }
ENTRY(cuModuleUnload, Module *) { return 0; }
ENTRY(cuModuleGetFunction, Kernel **kernel, Module *module, const char *name) {
    ALONE;
    *kernel = find_kernel(*module, name);
    return *kernel ? 0 : 500;
}
ENTRY(cuLaunchKernel, Kernel *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
      void *, void **arguments, void **) {
    ALONE;
    if (shared) {
        fail(kernel->name + ": shared memory of a size that the launch says is not known here");
    }
    if (std::getenv("CUDA_EMULATOR_TRACE")) {
        std::fprintf(stderr, "%s <<<(%u, %u), (%u, %u)>>>\n", kernel->name.c_str(), gx, gy, bx, by);
    }
    launch(*kernel, {gx, gy, gz}, {bx, by, bz}, arguments);
    return 0;
}

ENTRY(cublasCreate_v2, void **handle) {
    *handle = &everything;
    return 0;
}
ENTRY(cublasDestroy_v2, void *) { return 0; }
ENTRY(cublasSetStream_v2, void *, void *) { return 0; }
ENTRY(cublasDgemmStridedBatched, void *, int ta, int tb, int m, int n, int k, const double *alpha, u64 a, int lda, long long sa,
      u64 b, int ldb, long long sb, const double *beta, u64 c, int ldc, long long sc, int batch) {
    ALONE;
    gemm<double>(ta, tb, m, n, k, *alpha, a, lda, sa, b, ldb, sb, *beta, c, ldc, sc, batch);
    return 0;
}
ENTRY(cublasGemmStridedBatchedEx, void *, int ta, int tb, int m, int n, int k, const void *alpha, u64 a, int type, int lda,
      long long sa, u64 b, int, int ldb, long long sb, const void *beta, u64 c, int, int ldc, long long sc, int batch, int compute, int) {
    ALONE;
    auto product = type == 0 ? gemm<float> : type == 2 ? gemm<Half> : type == 14 ? gemm<Brain> : nullptr;
    if (!product || compute == 64) {
        fail("only products of f64, and of f32, f16 and bf16 that are added up in f32 are known here");
    }
    product(ta, tb, m, n, k, *static_cast<const float *>(alpha), a, lda, sa, b, ldb, sb, *static_cast<const float *>(beta), c, ldc, sc, batch);
    return 0;
}

ENTRY(curandCreateGenerator, void **generator, int) {
    *generator = &everything;
    return 0;
}
ENTRY(curandDestroyGenerator, void *) { return 0; }
ENTRY(curandSetPseudoRandomGeneratorSeed, void *, unsigned long long) { return 0; }
ENTRY(curandSetStream, void *, void *) { return 0; }
