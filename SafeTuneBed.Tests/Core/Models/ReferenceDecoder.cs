using System.Text.Json;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>The same model in plain loops over doubles, written from the formulas: slow, and sharing no code with the product.</summary>
internal sealed class ReferenceDecoder(TinyModel model)
{
    private readonly TinyShape s = model.Shape;
    private readonly double epsilon = 1e-5;

    /// <summary>Logits [T][V] of one row.</summary>
    public double[][] Logits(int[] ids)
    {
        double[][] x = [.. ids.Select(id => Row("model.embed_tokens.weight", id))];
        for (int layer = 0; layer < s.Layers; layer++)
        {
            string path = $"model.layers.{layer}.";
            double[][] attended = Attention(path + "self_attn.", [.. x.Select(row => Norm(path + "input_layernorm.weight", row))]);
            x = [.. x.Zip(attended, Sum)];
            x = [.. x.Select(row => Sum(row, FeedForward(path + "mlp.", Norm(path + "post_attention_layernorm.weight", row))))];
        }

        string head = s.Tied ? "model.embed_tokens" : "lm_head";
        return [.. x.Select(row => Linear(head, Norm("model.norm.weight", row)))];
    }

    /// <summary>Natural logarithms of the probabilities [T][V].</summary>
    public double[][] LogProbabilities(int[] ids) => [.. Logits(ids).Select(row =>
    {
        double sum = row.Sum(Math.Exp);
        return row.Select(v => v - Math.Log(sum)).ToArray();
    })];

    /// <summary>Greedy continuation, recomputing everything for each token.</summary>
    public int[] Greedy(int[] prompt, int count)
    {
        List<int> ids = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            double[] last = Logits([.. ids])[^1];
            ids.Add(Array.IndexOf(last, last.Max()));
        }

        return [.. ids.Skip(prompt.Length)];
    }

    private double[][] Attention(string path, double[][] x)
    {
        int d = s.HeadWidth;
        double[][] q = [.. x.Select(row => Linear(path + "q_proj", row))], k = [.. x.Select(row => Linear(path + "k_proj", row))], v = [.. x.Select(row => Linear(path + "v_proj", row))];
        for (int t = 0; t < x.Length; t++)
        {
            Turn(q[t], t);
            Turn(k[t], t);
        }

        var result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            var mixed = new double[s.Heads * d];
            for (int head = 0; head < s.Heads; head++)
            {
                int shared = head / (s.Heads / s.KeyValueHeads);
                var weights = new double[t + 1];
                for (int u = 0; u <= t; u++)
                {
                    double dot = 0;
                    for (int i = 0; i < d; i++)
                    {
                        dot += q[t][(head * d) + i] * k[u][(shared * d) + i];
                    }

                    weights[u] = Math.Exp(dot / Math.Sqrt(d));
                }

                double sum = weights.Sum();
                for (int u = 0; u <= t; u++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        mixed[(head * d) + i] += weights[u] / sum * v[u][(shared * d) + i];
                    }
                }
            }

            result[t] = Linear(path + "o_proj", mixed);
        }

        return result;
    }

    // Each pair (i, i + d/2) of each head as a complex number, multiplied by exp(i * position * frequency).
    private void Turn(double[] heads, int position)
    {
        int d = s.HeadWidth;
        for (int start = 0; start < heads.Length; start += d)
        {
            for (int i = 0; i < d / 2; i++)
            {
                var turned = new System.Numerics.Complex(heads[start + i], heads[start + i + (d / 2)]) * System.Numerics.Complex.FromPolarCoordinates(1, position * Frequency(i));
                heads[start + i] = turned.Real;
                heads[start + i + (d / 2)] = turned.Imaginary;
            }
        }
    }

    private double Frequency(int i)
    {
        double frequency = 1 / Math.Pow(s.Theta, 2.0 * i / s.HeadWidth);
        JsonElement scaling = JsonSerializer.Deserialize<JsonElement>(s.RopeScaling);
        if (scaling.ValueKind == JsonValueKind.Null || !scaling.TryGetProperty("factor", out _))
        {
            return frequency;
        }

        double factor = scaling.GetProperty("factor").GetDouble();
        if (!scaling.TryGetProperty("low_freq_factor", out JsonElement low))
        {
            return frequency / factor;
        }

        double original = scaling.GetProperty("original_max_position_embeddings").GetDouble(), lowFactor = low.GetDouble(), highFactor = scaling.GetProperty("high_freq_factor").GetDouble();
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < original / highFactor)
        {
            return frequency;
        }

        if (wavelength > original / lowFactor)
        {
            return frequency / factor;
        }

        double smooth = ((original / wavelength) - lowFactor) / (highFactor - lowFactor);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }

    private double[] FeedForward(string path, double[] x)
    {
        double[] gate = Linear(path + "gate_proj", x), up = Linear(path + "up_proj", x);
        return Linear(path + "down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] Norm(string name, double[] x)
    {
        double root = Math.Sqrt(x.Average(v => v * v) + epsilon);
        return [.. x.Zip(model.Weights[name].Values, (v, w) => v / root * w)];
    }

    private double[] Linear(string path, double[] x)
    {
        (long[] shape, float[] weight) = model.Weights[path + ".weight"];
        var y = new double[shape[0]];
        for (int row = 0; row < y.Length; row++)
        {
            for (int column = 0; column < x.Length; column++)
            {
                y[row] += weight[(row * x.Length) + column] * x[column];
            }

            y[row] += model.Weights.TryGetValue(path + ".bias", out (long[] Shape, float[] Values) bias) ? bias.Values[row] : 0;
        }

        return y;
    }

    private double[] Row(string name, int row) => [.. model.Weights[name].Values.Skip(row * s.Hidden).Take(s.Hidden).Select(v => (double)v)];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
