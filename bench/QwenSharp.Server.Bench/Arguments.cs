using System.Globalization;

namespace QwenSharp.Server.Bench;

/// <summary>What to measure.</summary>
internal sealed record Arguments(string Model)
{
    /// <summary>llama.cpp's server, to be measured beside ours.</summary>
    public string? LlamaServer { get; private set; }

    /// <summary>Another build of ours to be measured in its place: the path of its qwensharp.dll.</summary>
    public string? Ours { get; private set; }

    /// <summary>How many clients stream at the same time, one measurement each.</summary>
    public int[] Clients { get; private set; } = [];

    /// <summary>Words of a prompt, about a token each; null for what the section takes.</summary>
    public int? Prompt { get; private set; }

    /// <summary>Tokens of an answer at most; null for what the section takes.</summary>
    public int? Answer { get; private set; }

    public int? Seconds { get; private set; }

    public int Rounds { get; private set; } = 3;

    public int Turns { get; private set; } = 30;

    public static Arguments Parse(string model, ReadOnlySpan<string> args)
    {
        Arguments options = new(model);
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value.");
            switch (args[i])
            {
                case "--llama-server": options.LlamaServer = value; break;
                case "--ours": options.Ours = value; break;
                case "--clients": options.Clients = [.. value.Split(',').Select(Number)]; break;
                case "--prompt": options.Prompt = Number(value); break;
                case "--answer": options.Answer = Number(value); break;
                case "--seconds": options.Seconds = Number(value); break;
                case "--rounds": options.Rounds = Number(value); break;
                case "--turns": options.Turns = Number(value); break;
                default: throw new ArgumentException($"{args[i]} is not an option.");
            }
        }

        return options;
    }

    private static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number > 0
        ? number
        : throw new ArgumentException($"'{text}' is not a positive number.");
}
