using System.Globalization;
using QwenSharp.Numerics;
using QwenSharp.Vector.Bench;

// dotnet run -c Release --project bench/QwenSharp.Vector.Bench -- [pool] [rows] [kernels] [decode] [prefill] [gradients]
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

if (Wanted("gradients"))
    GradientSection.Run();
