using System.Globalization;
using System.Text.RegularExpressions;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Checkpoints;

/// <summary>A tensor of the file to be written, and what it is made of: one tensor, or the experts that it stacks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Lengths of its dimensions, the contiguous one first.</param>
/// <param name="Parts">Where its data comes from, in order.</param>
internal sealed partial record TargetTensor(string Name, long[] Shape, IReadOnlyList<Tensor> Parts)
{
    /// <summary>The tensors of a model, experts of one layer and kind stacked as GGUF wants them.</summary>
    /// <exception cref="ModelLoadException">An expert is missing, or two differ in shape or type.</exception>
    public static IEnumerable<TargetTensor> Of(IEnumerable<Tensor> tensors)
    {
        // A group stays where its first tensor was.
        foreach (IGrouping<string, Tensor> group in tensors.GroupBy(tensor => ExpertName().Replace(tensor.Name, "${module}_exps.weight")))
        {
            Tensor first = group.First();
            if (first.Name == group.Key)
            {
                yield return new TargetTensor(group.Key, first.Shape.ToArray(), [first]);
                continue;
            }

            Tensor[] experts = [.. group.OrderBy(Number)];
            if (
                experts
                    .Index()
                    .Any(entry =>
                        Number(entry.Item) != entry.Index || !entry.Item.Shape.SequenceEqual(first.Shape) || entry.Item.Type != first.Type))
            {
                throw new ModelLoadException($"The experts of '{group.Key}' are not all there, or not all alike.");
            }

            yield return new TargetTensor(group.Key, [.. first.Shape, experts.Length], experts);
        }
    }

    /// <summary>The type that the data has.</summary>
    public TensorType SourceType => Parts[0].Type;

    /// <summary>Matrices in the tensor: experts of a stack, else one.</summary>
    public int Matrices => Shape.Length < 3 ? 1 : checked((int)(Shape[2] * (Shape.Length > 3 ? Shape[3] : 1)));

    /// <summary>Dimensions that are longer than 1.</summary>
    public int Dimensions => Shape.Length - Shape.Reverse().TakeWhile(length => length == 1).Count();

    private static int Number(Tensor expert) =>
        int.Parse(ExpertName().Match(expert.Name).Groups["expert"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<module>blk\.\d+\.ffn_(gate|up|down))\.(?<expert>\d+)\.weight$")]
    private static partial Regex ExpertName();
}
