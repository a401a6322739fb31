using System.Globalization;

namespace QwenSharp.Peers;

/// <summary>What to compare.</summary>
internal sealed record Arguments
{
    public List<string> Models { get; } = [];

    public List<string> Shapes { get; } = [];

    public List<string> Types { get; } = [];

    public int PromptTokens { get; private set; } = 512;

    public int GenerateTokens { get; private set; } = 64;

    public int Threads { get; private set; } = Environment.ProcessorCount;

    public int Rounds { get; private set; } = 3;

    public string Libraries { get; private set; } = Checkout.LlamaLibraries;

    public static Arguments Parse(string[] args)
    {
        Arguments options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value.");
            switch (args[i])
            {
                case "--model": options.Models.Add(value); break;
                case "--shape": options.Shapes.Add(value); break;
                case "--type": options.Types.Add(value); break;
                case "--prompt-tokens": options.PromptTokens = Number(value); break;
                case "--generate-tokens": options.GenerateTokens = Number(value); break;
                case "--threads": options.Threads = Number(value); break;
                case "--rounds": options.Rounds = Number(value); break;
                case "--libraries": options.Libraries = value; break;
                default: throw new ArgumentException($"{args[i]} is not an option.");
            }
        }

        if (options.Shapes.Count == 0)
            options.Shapes.AddRange(["qwen3-0.6b", "qwen3-4b"]);

        if (options.Types.Count == 0)
            options.Types.AddRange(["q8_0", "q4_k_m"]);

        if (!Directory.Exists(options.Libraries))
        {
            throw new DirectoryNotFoundException(
                $"{options.Libraries} is not there. Run: npm install --ignore-scripts --prefix bench/QwenSharp.Peers");
        }

        return options;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
