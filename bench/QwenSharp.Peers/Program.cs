using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using QwenSharp.Peers;

// Runs the same GGUF through QwenSharp and llama.cpp, in turn, each in a process of its own, and prints ratios.
//   npm install --ignore-scripts --prefix bench/QwenSharp.Peers
//   dotnet run -c Release --project bench/QwenSharp.Peers -- --shape qwen3-0.6b --type q8_0 --type q4_k_m

if (args is ["peer", var modelPath, var libraryFolder, var promptCount, var generateCount, var threadCount])
{
    Peer.Measure(modelPath, libraryFolder, Number(promptCount), Number(generateCount), Number(threadCount));
    return 0;
}

if (args is ["peer-logits", var path, var folder, var tokenList])
{
    Peer.PrintLogits(path, folder, [.. tokenList.Split(',').Select(Number)]);
    return 0;
}

Arguments options = Arguments.Parse(args);
Comparison comparison = new(options);
foreach (string model in options.Models.Count > 0 ? options.Models : RandomModels.Write(options))
    comparison.Run(model);

return 0;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
