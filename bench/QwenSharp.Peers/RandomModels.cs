using QwenSharp.Models;

namespace QwenSharp.Peers;

/// <summary>Models of published shapes with random weights, as files that both programs load.</summary>
internal static class RandomModels
{
    /// <summary>Writes each model when its turn comes, and deletes it afterwards.</summary>
    public static IEnumerable<string> Write(Arguments options)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("qwensharp-bench-");
        try
        {
            foreach (string shape in options.Shapes)
            {
                foreach (string type in options.Types)
                {
                    string path = Path.Combine(folder.FullName, $"{shape}-{type}.gguf");
                    RandomWeights.Save(path, ModelShapes.Find(shape), WeightMix.Find(type));
                    yield return path;
                    File.Delete(path);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
