using System.Globalization;
using QwenSharp.Numerics;
using QwenSharp.Vector.Bench;

// dotnet run -c Release --project bench/QwenSharp.Vector.Bench -- [pool] [rows] [kernels] [decode] [prefill] [gradients] [training] [box |
// 0.6B | 4B | LoRA | Q4_K …]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool Wanted(string section) => args.Length == 0 || args.Contains(section);

Console.WriteLine($"{InstructionSets.Best}, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
if (Wanted("pool"))
    PoolSection.Run();

if (Wanted("rows"))
    RowSection.Run();

if (Wanted("kernels"))
    KernelSection.Run();

if (Wanted("decode"))
    AttentionSection.Decode();

if (Wanted("prefill"))
    AttentionSection.Prefill();

// All shapes, or those of the models and types that are named too.
if (Wanted("training"))
    TrainingProductSection.Run(name => args.Length < 2 || args.Contains(name));
if (Wanted("gradients"))
    GradientSection.Run();
