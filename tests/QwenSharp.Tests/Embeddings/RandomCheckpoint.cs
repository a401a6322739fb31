using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Tests;

/// <summary>Writes a tiny Qwen3 of random weights whose vocabulary has single tokens for "yes" and "no".</summary>
internal static class RandomCheckpoint
{
    public static string Write(string path, Pooling pooling = Pooling.None, string[]? labels = null)
    {
        ModelConfig config = new()
        {
            Architecture = "qwen3",
            VocabularySize = 320,
            Width = 64,
            Layers = 2,
            Heads = 4,
            KvHeads = 2,
            HeadLength = 16,
            FeedForwardWidth = 96,
            ContextLength = 1024,
            HasQkNorm = true,
            Pooling = pooling,
            ClassifierLabels = labels ?? [],
        };
        string plain = path + ".plain";
        RandomWeights.Save(plain, config, WeightMix.Find("f32"), seed: 4);
        using (GgufFile file = GgufFile.Open(plain))
        {
            string[] tokens = file.Metadata.GetStringArray("tokenizer.ggml.tokens").ToStrings();
            (tokens[256], tokens[257], tokens[258]) = ("ye", "yes", "no");
            GgufWriter writer = new();
            foreach ((string key, GgufValue value) in file.Metadata)
            {
                writer.Add(key, key switch
                {
                    "tokenizer.ggml.tokens" => GgufValue.ArrayOf(tokens),
                    "tokenizer.ggml.merges" => GgufValue.ArrayOf(["y e", "ye s", "n o"]),
                    _ => value,
                });
            }

            foreach (QwenSharp.Numerics.Tensor tensor in file.Tensors)
                writer.AddTensor(tensor);

            writer.Save(path);
        }

        File.Delete(plain);
        return path;
    }
}
